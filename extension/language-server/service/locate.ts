/** Where in a manifest a place in its text is. Works on half-typed text, from the syntax tree and never from patterns. */
import {
  type Document,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';

export type ManifestPath = (string | number)[];

/** What may be written where the cursor is: a key of a map, a value, or, on a line of its own, either. */
export interface Place {
  key?: { map: ManifestPath; siblings: string[] };
  /** `others` are the plain entries of the same list, as text. */
  value?: { path: ManifestPath; others: string[] };
  /** A list goes on here, or may begin: its next entry, whose dash is not written yet. */
  entry?: { path: ManifestPath; others: string[] };
  /** Offsets of the word that is being written, its quotes included. */
  span: readonly [start: number, end: number];
  /** What of it stands before the cursor, without its opening quote. */
  head: string;
  quote: '' | '"' | "'";
  /** Columns in front of the word. */
  column: number;
  /** Nothing but blanks and dashes stands before the word on its line. */
  startsLine: boolean;
  /** The word is the first entry behind the dash of a list. */
  onDash: boolean;
  /** The colon of a key follows. */
  hasColon: boolean;
  /** Inside braces or brackets. */
  flow: boolean;
  /** Directly behind a colon or dash, where YAML wants a space first. */
  gap: boolean;
}

// A word that no manifest has, and that YAML reads as plain text wherever text may stand.
const cursor = 'minicloud__cursor';

interface Found {
  onKey: boolean;
  path: ManifestPath;
  siblings: string[];
  others: string[];
  span: readonly [start: number, end: number];
  head: string;
  quote: Place['quote'];
  flow: boolean;
  /** As far to the right as the other keys of its map. */
  aligned: boolean;
}

/**
 * What the cursor is about to write: a marker is put at the cursor, the text parsed again, and the marker looked up. So
 * every style of indentation, flow or block, is understood as the parser understands it.
 */
export function locateCursor(text: string, offset: number): Place | undefined {
  const lineStart = Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;
  const lineEnd = lineEndOf(text, offset);
  const lead = text.slice(lineStart, offset);
  let found = find(text, offset, '', '');
  const gap =
    /^\s*(- +)*-$/.test(lead) || (!found?.quote && /^[\w.-]+:$/.test(found?.head ?? '') && touchesColon(found, lead));
  if (gap) found = find(text, offset, ' ', '');
  const bare = !found?.flow && !found?.quote && /^\s*(#.*)?$/.test(text.slice(offset, lineEnd));
  const space = gap ? ' ' : '';
  // Without a colon YAML takes a key for a value, or runs it on into the next line.
  const sure = found?.onKey === true && found.aligned && text.slice(lineEnd).trim() === '';
  const asKey = bare && !sure && /^[\s-]*[\w.]*[\w.-]*$/.test(lead) ? find(text, offset, space, ':') : undefined;
  const startsEntry = bare && !gap && /^\s*[\w.-]*$/.test(lead) && mayBeEntry(text.slice(0, lineStart), lead);
  const asEntry = startsEntry ? find(text, offset - wordOf(lead), '- ', '') : undefined;
  const keyed = asKey?.onKey && asKey.aligned ? asKey : found?.onKey && found.aligned ? found : undefined;
  const valued = found?.onKey === false ? found : undefined;
  const entry = asEntry && !asEntry.onKey && typeof asEntry.path.at(-1) === 'number' ? asEntry : undefined;
  const place = valued ?? keyed ?? entry;
  if (!place) return undefined;
  const { span, head, quote, flow } =
    place === entry ? { ...place, span: [offset - wordOf(lead), offset] as const } : place;
  const ahead = text.slice(lineStart, span[0]);
  return {
    ...(keyed ? { key: { map: keyed.path, siblings: keyed.siblings } } : {}),
    ...(valued ? { value: { path: valued.path, others: valued.others } } : {}),
    ...(entry ? { entry: { path: entry.path, others: entry.others } } : {}),
    ...{ span, head, quote, flow, gap },
    column: ahead.length + (gap ? 1 : 0),
    startsLine: /^[\s-]*$/.test(ahead),
    onDash: /-\s*$/.test(ahead),
    hasColon: /^[ \t]*:/.test(text.slice(span[1], lineEnd)),
  };
}

/** Behind the colon of a key, and not inside a value that may hold colons, such as an image with its tag. */
function touchesColon(found: Found | undefined, lead: string): boolean {
  return found?.onKey === true || /^[\s-]*[\w.-]+:$/.test(lead);
}

/** Saves a parse: an entry follows another dash of its column, or a key that has nothing on its line. */
function mayBeEntry(above: string, lead: string): boolean {
  const column = lead.length - wordOf(lead);
  for (const line of above.split(/\r?\n/).reverse()) {
    const margin = /^\s*/.exec(line)?.[0].length ?? 0;
    if (line.trim() === '' || line.trimStart().startsWith('#') || margin > column) continue;
    return /^\s*-(\s|$)/.test(line) || /:\s*(#.*)?$/.test(line);
  }
  return false;
}

function wordOf(lead: string): number {
  return lead.length - (/^\s*/.exec(lead)?.[0].length ?? 0);
}

/** Where the marker ends up; undefined in comments, in block text and in text that began on another line. */
function find(text: string, offset: number, before: string, after: string): Found | undefined {
  const edited = text.slice(0, offset) + before + cursor + after + text.slice(offset);
  const at = offset + before.length;
  const inserted = before.length + cursor.length + after.length;
  let found: Found | undefined;
  let unclosed: string | undefined;
  visit(parse(edited), {
    Scalar(key, node, ancestors) {
      const range = node.range;
      if (!range || range[0] > at || range[1] < at + cursor.length) return undefined;
      const source = edited.slice(range[0], range[1]);
      const quote = (/^["']/.exec(source)?.[0] ?? '') as Place['quote'];
      const head = edited.slice(range[0] + quote.length, at);
      if (/^BLOCK/.test(node.type ?? '') || /[\r\n]/.test(head)) return visit.BREAK;
      if (quote && /[\r\n]/.test(source)) {
        unclosed = quote;
        return visit.BREAK;
      }
      const end = Math.min(Math.max(offset, range[1] - inserted + after.length), lineEndOf(text, offset));
      const chain = ancestors as unknown[];
      const parent = chain.at(-1);
      const map = chain.at(-2);
      const onKey = key === 'key';
      const flow = chain.some((ancestor) => isCollection(ancestor) && ancestor.flow === true);
      found = {
        onKey,
        path: pathOf(chain, key),
        siblings: onKey && isMap(map) ? map.items.map(keyOf).filter((name) => !name.includes(cursor)) : [],
        others: isSeq(parent) ? parent.items.filter((item) => isScalar(item) && item !== node).map(textOf) : [],
        span: [Math.min(range[0], offset), end],
        head,
        quote,
        flow,
        aligned: flow || !isMap(map) || columnOf(edited, range[0]) === firstColumn(edited, map.items),
      };
      return visit.BREAK;
    },
  });
  // A quote that is not closed takes the rest of the file with it.
  return unclosed !== undefined && after === '' ? find(text, offset, before, unclosed) : found;
}

export interface Hit {
  path: ManifestPath;
  /** Offsets of the key, or of the value for items of lists. */
  span: readonly [start: number, end: number];
  onKey: boolean;
}

/** The innermost key or value under an offset. */
export function locateNode(doc: Document | Document.Parsed, offset: number): Hit | undefined {
  let hit: Hit | undefined;
  visit(doc, {
    Node(_, node) {
      // What ends before the offset or begins behind it holds nothing that is under it.
      const range = node.range;
      return range && (offset < range[0] || offset > range[2]) ? visit.SKIP : undefined;
    },
    Scalar(key, node, ancestors) {
      const range = node.range;
      if (!range || offset < range[0] || offset > range[1] || range[0] === range[1]) return undefined;
      const path = pathOf(ancestors as unknown[], key);
      hit = {
        path: key === 'key' ? [...path, String((node as Scalar).value)] : path,
        span: [range[0], range[1]],
        onKey: key === 'key',
      };
      return visit.BREAK;
    },
  });
  return hit;
}

/** Never throws on a broken text, and compares no keys: duplicates are not its business. */
function parse(text: string): Document {
  return parseDocument(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
}

/** For a key the path of its map, for a value its own. */
function pathOf(ancestors: readonly unknown[], key: string | number | null): ManifestPath {
  const path: ManifestPath = [];
  for (const [index, ancestor] of ancestors.entries()) {
    const child = ancestors[index + 1];
    const isLast = index === ancestors.length - 1;
    if (isPair(ancestor) && !(isLast && key === 'key')) path.push(keyOf(ancestor));
    else if (isSeq(ancestor)) path.push(isLast ? Number(key) : ancestor.items.indexOf(child as never));
  }
  return path;
}

function keyOf(pair: Pair): string {
  return textOf(pair.key);
}

function firstColumn(text: string, items: readonly Pair[]): number {
  const range = (items[0]?.key as { range?: readonly number[] } | null | undefined)?.range;
  return range?.[0] === undefined ? -1 : columnOf(text, range[0]);
}

function columnOf(text: string, offset: number): number {
  return offset - Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) - 1;
}

function textOf(node: unknown): string {
  return isScalar(node) ? String(node.value) : String(node);
}

function lineEndOf(text: string, offset: number): number {
  const rest = text.slice(offset).search(/[\r\n]/);
  return rest < 0 ? text.length : offset + rest;
}
