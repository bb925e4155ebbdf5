/**
 * Changes to a manifest as edits of its text: an entry added, a value set, a key removed, in the style of the file and
 * with everything else left as it stands. What the text should mean afterwards is kept beside the edits and compared; a
 * draft whose text came to mean anything else makes no fix.
 */
import { describePath } from 'minicloud-shared/manifest/describe';
import type { Fix } from 'minicloud-shared/manifest/model';
import { type ManifestDocument, parseManifestDocument } from 'minicloud-shared/manifest/parse';
import type { Path } from 'minicloud-shared/manifest/path';
import { positionAt, spanRange } from 'minicloud-shared/manifest/source';
import type { ListNode, MapNode, TreeNode } from 'minicloud-shared/manifest/tree';
import { trimmedEnd } from './ranges.ts';
import { block, type Data, inline, keyText, styleOf, written } from './style.ts';

export interface Draft {
  /**
   * Takes a key with its value, or an entry of a list, away. What is empty without it stays where it says something by
   * being there: an entry of a list, what a person gave a name, `build`. Another section goes, and the title tells so.
   */
  remove(path: Path): Draft;
  /** Puts a key into the map at a path, behind its others. */
  add(map: Path, key: string, data: Data): Draft;
  /** Puts an entry at the end of the list at a path; makes the list when there is none. */
  push(list: Path, data: Data): Draft;
  /** Replaces a value. */
  set(path: Path, data: Data): Draft;
  rename(path: Path, key: string): Draft;
  /** The fix, or nothing when a step could not be done or the text would come to mean something else. */
  fix(title: string): Fix | undefined;
}

interface Edit {
  span: readonly [start: number, end: number];
  newText: string;
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** With `wanted` false it makes no fix. */
export function draftOf(document: ManifestDocument, wanted = true): Draft {
  const { source } = document.context;
  const style = styleOf(document);
  const edits: Edit[] = [];
  let meant = wanted ? dataOf(document) : undefined;
  let failed = document.doc.errors.length > 0 || meant === undefined;
  /** The section that went because nothing was left in it. */
  let left: string | undefined;

  const nodeAt = (path: Path): TreeNode | undefined => document.context.nodeAt(path);
  const columnOf = (offset: number): number => positionAt(document.lines, offset).character;
  const lineStart = (offset: number): number => offset - columnOf(offset);
  const lineEnd = (offset: number): number => {
    const end = source.slice(offset).search(/\r|\n/);
    return end < 0 ? source.length : offset + end;
  };
  const endOf = (node: TreeNode): number =>
    Math.max(trimmedEnd(source, startOf(node), node.span[1]), node.key?.[1] ?? 0);

  const step = (work: () => boolean): Draft => {
    if (!failed) failed = !work();
    return draft;
  };

  /** The line or lines of a block from `start` on, with their end. */
  const removeLines = (start: number, end: number): boolean => {
    const [from, to] = [lineStart(start), lineEnd(end)];
    if (!/^[ \t]*(#.*)?$/.test(source.slice(end, to))) return false;
    const next = source.startsWith('\r\n', to) ? to + 2 : Math.min(to + 1, source.length);
    edits.push({ span: [from, next], newText: '' });
    return true;
  };

  const removeFlow = (siblings: readonly TreeNode[], index: number): boolean => {
    const [before, node, after] = [siblings[index - 1], siblings[index], siblings[index + 1]];
    if (!node) return false;
    if (after) edits.push({ span: [startOf(node), startOf(after)], newText: '' });
    else edits.push({ span: [before ? endOf(before) : startOf(node), endOf(node)], newText: '' });
    return true;
  };

  const removeNode = (node: TreeNode): boolean => {
    const around = nodeAt(node.path.slice(0, -1));
    if (!around || around.kind === 'scalar') return false;
    const siblings = around.kind === 'map' ? [...around.entries.values()] : around.items;
    if (siblings.length === 1 && around.path.length > 0) return removeOnly(around, node);
    const index = siblings.findIndex((each) => each.path.at(-1) === node.path.at(-1));
    const before = siblings[index - 1];
    // Two steps that take neighbours away would run into one another.
    if (index < 0 || !take(node.path)) return false;
    if (around.flow) return removeFlow(siblings, index);
    const start = around.kind === 'list' ? dashOf(node, before) : startOf(node);
    if (start === undefined) return false;
    if (/^[ \t]*$/.test(source.slice(lineStart(start), start))) return removeLines(start, endOf(node));
    // Behind the dash of an entry: the next key moves up.
    const after = siblings[index + 1];
    if (!after || around.kind === 'list') return false;
    edits.push({ span: [start, startOf(after)], newText: '' });
    return true;
  };

  /** The only thing in what is around it. */
  const removeOnly = (around: MapNode | ListNode, node: TreeNode): boolean => {
    const [outer, last] = [around.path.slice(0, -1), around.path.at(-1) ?? ''];
    const described = describePath(outer);
    const entry = nodeAt(outer);
    // A need of which nothing is said any more is its word.
    if (described?.values?.includes(last) && entry?.kind === 'map' && entry.entries.size === 1) {
      put(outer, last);
      return shorten(entry, around, node, String(last));
    }
    const isOwn = typeof last === 'number' || described?.keys?.every(({ key }) => key !== last) !== false;
    if (isOwn || (outer.length === 0 && speaksEmpty(String(last)))) {
      put(around.path, around.kind === 'map' ? {} : []);
      return hollow(around, node);
    }
    left = String(last);
    return removeNode(around);
  };

  const shorten = (entry: MapNode, around: MapNode | ListNode, node: TreeNode, word: string): boolean => {
    if (!around.key) return false;
    if (entry.flow) edits.push({ span: entry.span, newText: inline(word, style) });
    else if (around.flow) edits.push({ span: [around.key[1], endOf(around)], newText: '' });
    else {
      edits.push({ span: [around.key[1], source.indexOf(':', around.key[1]) + 1], newText: '' });
      return removeLines(startOf(node), endOf(node));
    }
    return true;
  };

  const hollow = (around: MapNode | ListNode, node: TreeNode): boolean => {
    const newText = around.kind === 'map' ? '{}' : '[]';
    if (around.flow) edits.push({ span: around.span, newText });
    else if (!around.key) edits.push({ span: [startOf(node), endOf(node)], newText });
    else {
      const colon = source.indexOf(':', around.key[1]) + 1;
      edits.push({ span: [colon, colon], newText: ` ${newText}` });
      return removeLines(startOf(node), endOf(node));
    }
    return true;
  };

  const dashOf = (node: TreeNode, before: TreeNode | undefined): number | undefined => {
    const dash = source.lastIndexOf('-', startOf(node) - 1);
    return dash >= (before ? endOf(before) : 0) ? dash : undefined;
  };

  const addFlow = (node: MapNode | ListNode, text: string): boolean => {
    const children = node.kind === 'map' ? [...node.entries.values()] : node.items;
    const [first, last] = [children[0], children.at(-1)];
    if (!first || !last) {
      const pad = node.kind === 'map' ? ' ' : '';
      edits.push({ span: [node.span[0] + 1, node.span[1] - 1], newText: `${pad}${text}${pad}` });
      return true;
    }
    const opened = source.slice(node.span[0] + 1, startOf(first));
    const separator = /[\r\n]/.test(opened) ? `,${style.eol}${' '.repeat(columnOf(startOf(first)))}` : ', ';
    edits.push({ span: [endOf(last), endOf(last)], newText: `${separator}${text}` });
    return true;
  };

  /** Behind the last child of a block, on a line of its own. */
  const addBlock = (last: TreeNode, column: number, text: string): boolean => {
    const end = lineEnd(endOf(last));
    edits.push({ span: [end, end], newText: `${style.eol}${' '.repeat(column)}${text}` });
    return true;
  };

  const add = (path: Path, key: string, data: Data): boolean => {
    const node = nodeAt(path);
    if (node?.kind !== 'map' || node.entries.has(key)) return false;
    place(node.path, (map) => {
      if (isObject(map)) map[key] = plain(data);
    });
    if (node.flow) return addFlow(node, `${keyText(key, style)}: ${inline(data, style)}`);
    const entries = [...node.entries.values()];
    const [first, last] = [entries[0], entries.at(-1)];
    if (!first?.key || !last) return false;
    const column = columnOf(first.key[0]);
    return addBlock(last, column, `${key}:${written(data, style, column, false)}`);
  };

  /** A block for a block; nothing is done where a comment would be lost. */
  const setBlock = (node: TreeNode, data: Data): boolean => {
    const from = node.key ? source.indexOf(':', node.key[1]) + 1 : startOf(node);
    const to = endOf(node);
    if (/(^|\s)#/.test(source.slice(from, to))) return false;
    const column = columnOf(startOf(node));
    edits.push({
      span: [from, to],
      newText: node.key ? written(data, style, column, false) : block(data, style, column),
    });
    return true;
  };

  const place = (path: Path, change: (value: Json | undefined) => void): void => {
    change(path.reduce<Json | undefined>((value, part) => child(value, part), meant));
  };
  const put = (path: Path, data: Data): void => {
    place(path.slice(0, -1), (around) => {
      const last = path.at(-1) ?? '';
      if (Array.isArray(around)) around[Number(last)] = plain(data);
      else if (isObject(around)) around[String(last)] = plain(data);
    });
  };
  /** Takes what is meant away; false when it is gone already. */
  const take = (path: Path): boolean => {
    let taken = false;
    place(path.slice(0, -1), (value) => {
      const last = path.at(-1);
      taken = child(value, last ?? '') !== undefined;
      // Indices of the others stay what they are until the end.
      if (Array.isArray(value) && typeof last === 'number') value[last] = gone;
      else if (isObject(value)) delete value[String(last)];
    });
    return taken;
  };

  const draft: Draft = {
    remove: (path) =>
      step(() => {
        const node = nodeAt(path);
        return node !== undefined && node.path.length > 0 && removeNode(node);
      }),
    add: (path, key, data) => step(() => add(path, key, data)),
    push: (path, data) =>
      step(() => {
        const node = nodeAt(path);
        if (!node) return add(path.slice(0, -1), String(path.at(-1)), [data]);
        if (node.kind !== 'list') return false;
        place(node.path, (list) => {
          if (Array.isArray(list)) list.push(plain(data));
        });
        if (node.flow) return addFlow(node, inline(data, style));
        const last = node.items.at(-1);
        const dash = last && dashOf(last, node.items.at(-2));
        if (!last || dash === undefined) return false;
        return addBlock(last, columnOf(dash), `${style.dash}${block(data, style, columnOf(dash) + style.dash.length)}`);
      }),
    set: (path, data) =>
      step(() => {
        const node = nodeAt(path);
        if (!node) return false;
        put(node.path, data);
        if (node.kind !== 'scalar' && !node.flow) return setBlock(node, data);
        const quoted = node.kind === 'scalar' && !node.plain && typeof data === 'string';
        const empty = node.span[0] === node.span[1] && /[:-]/.test(source.charAt(node.span[0] - 1));
        const newText = quoted ? JSON.stringify(data) : inline(data, style);
        edits.push({ span: node.span, newText: empty ? ` ${newText}` : newText });
        return true;
      }),
    rename: (path, key) =>
      step(() => {
        const node = nodeAt(path);
        if (!node?.key) return false;
        place(node.path.slice(0, -1), (around) => {
          if (!isObject(around)) return;
          around[key] = child(around, node.path.at(-1) ?? '') ?? null;
          delete around[String(node.path.at(-1))];
        });
        const quote = /^["']/.exec(source.slice(...node.key))?.[0] ?? '';
        edits.push({ span: node.key, newText: `${quote}${key}${quote}` });
        return true;
      }),
    fix(title) {
      if (failed || edits.length === 0) return undefined;
      const sorted = merged(edits, source, style.eol).sort((a, b) => a.span[0] - b.span[0] || a.span[1] - b.span[1]);
      if (sorted.some(({ span }, index) => index > 0 && span[0] < (sorted[index - 1]?.span[1] ?? 0))) return undefined;
      meant = withoutGone(meant);
      const next = sorted.reduceRight(
        (text, { span, newText }) => text.slice(0, span[0]) + newText + text.slice(span[1]),
        source,
      );
      if (canonical(dataOf(parseManifestDocument(next))) !== canonical(meant)) return undefined;
      return {
        title: left === undefined ? title : `${title}, leaving no ${left}`,
        edits: sorted.map(({ span, newText }) => ({ range: spanRange(document.lines, span), newText })),
      };
    },
  };
  return draft;
}

/** Whether a section means something with nothing in it: an app with `build: {}` is built. */
function speaksEmpty(section: string): boolean {
  const meaning = (sections: object): string | undefined =>
    JSON.stringify(parseManifestDocument(JSON.stringify({ name: 'app', ...sections })).manifest);
  const empty = meaning({ [section]: {} });
  return empty !== undefined && empty !== meaning({});
}

/** A line that is added behind one that goes takes its place. */
function merged(edits: readonly Edit[], source: string, eol: string): Edit[] {
  const isAdded = ({ span, newText }: Edit): boolean => span[0] === span[1] && newText.startsWith(eol);
  const isLine = (start: number): boolean => start === 0 || source.charAt(start - 1) === '\n';
  const goesAt = ({ span: [at] }: Edit): Edit | undefined =>
    edits.find(({ span, newText }) => newText === '' && isLine(span[0]) && span[0] < at && at <= span[1]);
  const added = edits.filter((edit) => isAdded(edit) && goesAt(edit));
  const gone = added.map(goesAt);
  return edits.flatMap((edit): Edit[] => {
    if (added.includes(edit)) return [];
    const behind = added.filter((_, index) => gone[index] === edit);
    const lines = behind.map(({ newText }) => newText.slice(eol.length) + eol);
    return [behind.length > 0 ? { span: edit.span, newText: lines.join('') } : edit];
  });
}

/** Stands for an entry of a list that was taken away. */
const gone = '\u0000gone';

function startOf(node: TreeNode): number {
  return node.key?.[0] ?? node.span[0];
}

/** What a text means as data; undefined when it can't be read. */
function dataOf(document: ManifestDocument): Json | undefined {
  try {
    return document.doc.errors.length > 0 ? undefined : (document.doc.toJS({ maxAliasCount: 0 }) as Json);
  } catch {
    // An alias: what it would bring is not worked out here.
    return undefined;
  }
}

function child(value: Json | undefined, part: string | number): Json | undefined {
  if (Array.isArray(value)) return value[Number(part)];
  return isObject(value) && Object.hasOwn(value, String(part)) ? value[String(part)] : undefined;
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function plain(data: Data): Json {
  return JSON.parse(JSON.stringify(data)) as Json;
}

/** Without what was taken away, and without what that left empty. */
function withoutGone(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.filter((item) => item !== gone).map((item) => withoutGone(item) ?? null);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutGone(part) ?? null]));
}

/** Equal for equal data; the order of keys does not count. */
function canonical(value: Json | undefined): string | undefined {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
    .join()}}`;
}
