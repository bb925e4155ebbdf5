/** Where the lines of a manifest belong, from its syntax tree, and which blanks inside them are too many or too few. */
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { type LineIndex, lineText, positionAt } from 'minicloud-shared/manifest/source';
import { isCollection, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Style } from './style.ts';

interface Layout {
  text: string;
  lines: LineIndex;
  style: Style;
  /** New columns of lines by number; the others move with what they belong to. */
  columns: Map<number, number>;
  /** Lines inside texts, whose blanks mean something, and by how many columns they move. */
  texts: Map<number, number>;
  /** By line: blanks between tokens that become others. */
  gaps: Map<number, { span: readonly [number, number]; newText: string }[]>;
}

/** For every line what becomes of it; undefined for lines that go. Without `indent` lines stay where they are. */
export function layOut(document: ManifestDocument, style: Style, indent: boolean): (string | undefined)[] {
  const { source: text } = document.context;
  const layout: Layout = { text, lines: document.lines, style, columns: new Map(), texts: new Map(), gaps: new Map() };
  const contents = document.doc.contents as Node | null;
  if (contents) place(contents, 0, layout);
  if (!indent) {
    layout.columns.clear();
    for (const line of layout.texts.keys()) layout.texts.set(line, 0);
  }
  const count = document.lines.starts.length;
  const written = Array.from({ length: count }, (_, line) => respaced(line, layout));
  if (indent) placeComments(written, layout);
  return written.map((line, number) => {
    const own = lineText(text, document.lines, number);
    const moved = layout.texts.get(number);
    if (moved !== undefined) return movedBy(own, moved);
    if (line.trim() === '') return keepsBlank(written, number, layout) ? '' : undefined;
    const column = layout.columns.get(number);
    return (column === undefined ? line : ' '.repeat(column) + line.trimStart()).trimEnd();
  });
}

/** One empty line between others, and one end of the last line. */
function keepsBlank(written: readonly string[], number: number, { texts }: Layout): boolean {
  if (number === written.length - 1) return true;
  const isText = texts.has(number - 1);
  const after = written.slice(number + 1).some((line, ahead) => line.trim() !== '' || texts.has(number + 1 + ahead));
  return number > 0 && after && (isText || written[number - 1]?.trim() !== '');
}

/** `column` is where the node's own lines begin: its keys, its dashes. */
function place(node: Node, column: number, layout: Layout): void {
  if (isCollection(node) && node.flow) placeFlow(node as YAMLMap | YAMLSeq, column, layout);
  else if (isMap(node)) placeMap(node, column, layout);
  else if (isSeq(node)) placeList(node, column, layout);
  else if (isScalar(node)) placeText(node, column, layout);
}

function placeMap(map: YAMLMap, column: number, layout: Layout): void {
  const { style } = layout;
  for (const { key, value } of map.items as { key: Node; value: Node | null }[]) {
    if (!key.range) continue;
    begin(key.range[0], column, layout);
    if (!value?.range) continue;
    gap(key.range[1], value.range[0], /^[ \t]*:[ \t]*$/, ': ', layout);
    if (isSeq(value) && !value.flow) place(value, column + style.listIndent, layout);
    else place(value, column + (isCollection(value) && value.flow ? 0 : style.size), layout);
  }
}

function placeList(list: YAMLSeq, column: number, layout: Layout): void {
  const { text, style } = layout;
  for (const item of list.items as (Node | null)[]) {
    if (!item?.range) continue;
    const dash = text.lastIndexOf('-', item.range[0] - 1);
    if (dash < 0) continue;
    begin(dash, column, layout);
    gap(dash + 1, item.range[0], /^[ \t]+$/, ' '.repeat(style.dash.length - 1), layout);
    place(item, column + style.dash.length, layout);
  }
}

/** Brackets over several lines go a level in with each that is open; on one line only their blanks are put right. */
function placeFlow(node: YAMLMap | YAMLSeq, column: number, layout: Layout): void {
  const { style } = layout;
  const range = node.range;
  if (!range) return;
  const pad = isMap(node) ? ' ' : '';
  const inside = node.items.map((item) => flowParts(item));
  let before = range[0] + 1;
  for (const [index, { start, end }] of inside.entries()) {
    if (start === undefined || end === undefined) continue;
    begin(start, column + style.size, layout);
    if (index === 0) gap(before, start, /^[ \t]*$/, pad, layout);
    else gap(before, start, /^[ \t]*,[ \t]*$/, ', ', layout);
    before = end;
  }
  const close = range[1] - 1;
  if (node.items.length > 0) gap(before, close, /^[ \t]*$/, pad, layout);
  else gap(before, close, /^[ \t]*$/, '', layout);
  begin(close, column, layout);
  for (const { key, value } of inside) {
    if (key?.range && value?.range) gap(key.range[1], value.range[0], /^[ \t]*:[ \t]*$/, ': ', layout);
    for (const child of [key, value]) if (child) place(child, column + style.size, layout);
  }
}

interface FlowParts {
  key?: Node;
  value?: Node;
  start?: number;
  end?: number;
}

function flowParts(item: unknown): FlowParts {
  const pair = item as { key?: Node | null; value?: Node | null };
  if (!(typeof item === 'object' && item !== null && 'key' in item)) {
    const node = item as Node | null;
    return node?.range ? { value: node, start: node.range[0], end: node.range[1] } : {};
  }
  const { key, value } = pair;
  const start = key?.range?.[0];
  const end = Math.max(key?.range?.[1] ?? -1, value?.range?.[1] ?? -1);
  return { ...(key ? { key } : {}), ...(value ? { value } : {}), ...(start === undefined ? {} : { start, end }) };
}

/** Lines of a text after its first move together; how they stand to one another is a part of what they say. */
function placeText(node: Scalar, column: number, layout: Layout): void {
  const { lines, text, style } = layout;
  if (!node.range) return;
  const first = positionAt(lines, node.range[0]).line;
  const last = positionAt(lines, Math.max(node.range[0], node.range[1] - 1)).line;
  const explicit = /^[|>][+-]?\d/.test(text.slice(node.range[0], node.range[0] + 3));
  const margins: number[] = [];
  for (let line = first + 1; line <= last; line += 1) {
    const own = lineText(text, lines, line);
    if (own.trim() !== '') margins.push(own.length - own.trimStart().length);
  }
  const least = margins.length > 0 ? Math.min(...margins) : 0;
  const moved = explicit ? 0 : Math.max(column, style.size) - least;
  for (let line = first + 1; line <= last; line += 1) layout.texts.set(line, moved);
}

/** A token that is the first of its line takes the line with it. */
function begin(offset: number, column: number, { lines, text, columns }: Layout): void {
  const { line, character } = positionAt(lines, offset);
  const start = offset - character;
  if (/^[ \t]*$/.test(text.slice(start, offset))) columns.set(line, column);
}

function gap(from: number, to: number, form: RegExp, newText: string, { text, lines, gaps }: Layout): void {
  const now = text.slice(from, to);
  if (to < from || !form.test(now) || now === newText) return;
  const { line } = positionAt(lines, from);
  gaps.set(line, [...(gaps.get(line) ?? []), { span: [from, to], newText }]);
}

/** A line with its gaps filled anew. */
function respaced(number: number, { lines, text, gaps }: Layout): string {
  const start = lines.starts[number] ?? 0;
  const line = lineText(text, lines, number);
  let result = line;
  const own = [...(gaps.get(number) ?? [])].sort((a, b) => b.span[0] - a.span[0]);
  for (const { span, newText } of own) {
    result = result.slice(0, span[0] - start) + newText + result.slice(span[1] - start);
  }
  return result;
}

/** A comment on a line of its own stands with its neighbour of the same column: the next one, else one above. */
function placeComments(written: readonly string[], layout: Layout): void {
  const { columns, texts } = layout;
  const oldColumn = (line: number): number => {
    const own = lineText(layout.text, layout.lines, line);
    return own.length - own.trimStart().length;
  };
  const known = new Map(columns);
  for (const [number, line] of written.entries()) {
    if (!/^[ \t]*#/.test(line) || texts.has(number)) continue;
    let next = number + 1;
    while (next < written.length && !known.has(next)) next += 1;
    const column = oldColumn(number);
    let twin = next < written.length && oldColumn(next) === column ? next : undefined;
    for (let above = number - 1; above >= 0 && twin === undefined; above -= 1) {
      if (known.has(above) && oldColumn(above) === column) twin = above;
    }
    const beside = twin ?? (next < written.length ? next : undefined);
    if (beside !== undefined) columns.set(number, known.get(beside) ?? column);
  }
}

function movedBy(line: string, columns: number): string {
  if (line.trim() === '' || columns === 0) return line;
  if (columns > 0) return ' '.repeat(columns) + line;
  return line.slice(Math.min(-columns, line.length - line.trimStart().length));
}
