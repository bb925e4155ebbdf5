/** How a manifest is written, so that what is put into it looks like the rest: indentation, lists, quotes, line ends. */
import { scalarText } from 'minicloud-shared/manifest/check-scalar';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { positionAt } from 'minicloud-shared/manifest/source';
import type { TreeNode } from 'minicloud-shared/manifest/tree';

export interface Style {
  /** Columns of one level. */
  size: number;
  /** Columns that the dashes of a list stand right of its key; 0 in the compact form. */
  listIndent: number;
  /** A dash and the blanks behind it. */
  dash: string;
  eol: string;
  json: boolean;
}

/** The style that most of a manifest is written in; what it does not show is as in the examples of the documentation. */
export function styleOf(document: ManifestDocument): Style {
  const { source, json } = document.context;
  const seen = {
    size: new Map<number, number>(),
    listIndent: new Map<number, number>(),
    dash: new Map<number, number>(),
  };
  const root = document.context.nodeAt([]);
  if (root) look(root, document, seen);
  seen.size.delete(0);
  const listIndent = most(seen.listIndent) ?? 0;
  return {
    // Where no map shows a level, a list may.
    size: most(seen.size) ?? (listIndent > 1 ? listIndent : 2),
    listIndent,
    dash: '-'.padEnd(most(seen.dash) ?? 2),
    eol: source.includes('\r\n') ? '\r\n' : '\n',
    json,
  };
}

type Seen = Record<'size' | 'listIndent' | 'dash', Map<number, number>>;

function look(node: TreeNode, document: ManifestDocument, seen: Seen): void {
  if (node.kind === 'scalar') return;
  const { source } = document.context;
  const column = (offset: number): number => positionAt(document.lines, offset).character;
  const below = (node.key?.[0] ?? -1) >= 0 && !node.flow ? column(node.key?.[0] ?? 0) : undefined;
  if (node.kind === 'map') {
    const first = node.entries.values().next().value?.key?.[0];
    if (below !== undefined && first !== undefined) count(seen.size, column(first) - below);
    // Lines inside the braces of JSON show a level, too.
    const opened = node.flow && first !== undefined && /[{,]\s*[\r\n]\s*$/.test(source.slice(node.span[0], first));
    if (opened && node.path.length === 0) count(seen.size, column(first));
    for (const child of node.entries.values()) look(child, document, seen);
    return;
  }
  const first = node.items[0];
  const dash = first ? source.lastIndexOf('-', first.span[0] - 1) : -1;
  if (!node.flow && first && dash >= node.span[0]) {
    if (below !== undefined) count(seen.listIndent, column(dash) - below);
    if (/^- *$/.test(source.slice(dash, first.span[0]))) count(seen.dash, first.span[0] - dash);
  }
  for (const item of node.items) look(item, document, seen);
}

function count(counts: Map<number, number>, value: number): void {
  if (value >= 0 && value <= 8) counts.set(value, (counts.get(value) ?? 0) + 1);
}

function most(counts: Map<number, number>): number | undefined {
  let best: number | undefined;
  for (const [value, times] of counts) if (best === undefined || times > (counts.get(best) ?? 0)) best = value;
  return best;
}

export type Data = string | number | boolean | readonly Data[] | { readonly [key: string]: Data };

/**
 * Data as text of a manifest behind a key at `column`: below it as a block, or on its line where `flow` or the kind of
 * data asks for it. Strings may hold placeholders of snippets, as `$1` with a text, which are left as they are.
 */
export function written(data: Data, style: Style, column: number, flow: boolean): string {
  if (typeof data !== 'object' || flow || style.json || isShort(data)) return ` ${inline(data, style)}`;
  const list = Array.isArray(data);
  const indent = column + (list ? style.listIndent : style.size);
  return `${style.eol}${' '.repeat(indent)}${block(data, style, indent)}`;
}

/** Data as lines whose first stands at `column` already. */
export function block(data: Data, style: Style, column: number): string {
  if (typeof data !== 'object' || isShort(data)) return inline(data, style);
  const separator = `${style.eol}${' '.repeat(column)}`;
  if (isList(data)) {
    return data.map((item) => `${style.dash}${block(item, style, column + style.dash.length)}`).join(separator);
  }
  return Object.entries(data)
    .map(([key, value]) => `${key}:${written(value, style, column, false)}`)
    .join(separator);
}

/** A whole manifest whose first line stands at `column` already: a section a line in JSON, too. */
export function whole(data: { readonly [key: string]: Data }, style: Style, column: number): string {
  if (!style.json) return block(data, style, column);
  const lines = Object.entries(data).map(([key, value]) => `  ${keyText(key, style)}: ${inline(value, style)}`);
  return `{${style.eol}${lines.join(`,${style.eol}`)}${style.eol}}`;
}

/** Data on one line, as YAML in brackets or as JSON. */
export function inline(data: Data, style: Style): string {
  if (isList(data)) return `[${data.map((item) => inline(item, style)).join(', ')}]`;
  if (typeof data === 'object') {
    const entries = Object.entries(data).map(([key, value]) => `${keyText(key, style)}: ${inline(value, style)}`);
    return entries.length > 0 ? `{ ${entries.join(', ')} }` : '{}';
  }
  return typeof data === 'string' ? textOf(data, style) : String(data);
}

export function keyText(key: string, style: Style): string {
  return style.json ? JSON.stringify(key) : key;
}

/** A string in quotes where JSON or YAML wants them; a placeholder alone stands for whatever is written there. */
export function textOf(text: string, style: Style): string {
  if (/^"\$\{|^\$\{\d+:[\d.]+\}$/.test(text)) return text;
  if (text.startsWith('${')) return style.json ? `"${text}"` : text;
  return scalarText(text, style.json);
}

/** Literal text inside a snippet. */
export function literal(text: string): string {
  return text.replace(/[\\$}]/g, '\\$&');
}

/** Lists of plain words read best on one line. */
function isShort(data: Data): boolean {
  const values = isList(data) ? data : Object.values(data);
  return values.length === 0 || (isList(data) && data.length > 1 && data.every((item) => typeof item !== 'object'));
}

function isList(data: Data): data is readonly Data[] {
  return Array.isArray(data);
}
