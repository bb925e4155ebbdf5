/**
 * Puts a manifest in order: indentation, blanks, empty lines. Edits stand in the text where something changes; nothing is
 * rewritten from the tree, which has corrupted files elsewhere. What would change the meaning, lose a comment, or not be
 * the last word is not done at all.
 */
import { type ManifestDocument, parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { CST, Lexer } from 'yaml';
import { layOut } from './layout.ts';
import { type Style, styleOf } from './style.ts';

export interface FormatEdit {
  span: readonly [start: number, end: number];
  newText: string;
}

export interface FormatOptions {
  /** Columns of a level; as the file has it when nothing is said. */
  size?: number;
  /** Zero-based lines, the last one included: only these change. */
  lines?: { from: number; to: number };
}

/** The edits, from the top; none for a text that is in order already, or that can not be read. */
export function format(document: ManifestDocument, options: FormatOptions = {}): FormatEdit[] {
  if (document.doc.errors.length > 0 || !document.doc.contents) return [];
  const text = document.context.source;
  const style = sized(styleOf(document), options.size);
  for (const indent of [true, false]) {
    const edits = lineEdits(text, layOut(document, style, indent), style.eol, options.lines);
    const next = applied(text, edits);
    if (edits.length > 0 && isFaithful(document, next) && (options.lines || isLast(next, style, indent))) return edits;
  }
  return [];
}

/** Lists go in by a level where they go in at all, and wide dashes are as wide as one. */
function sized(style: Style, size = style.size): Style {
  const dash = '-'.padEnd(style.dash.length > 2 ? Math.max(2, size) : 2);
  return { ...style, size, dash, listIndent: style.listIndent > 0 ? size : 0 };
}

export function applied(text: string, edits: readonly FormatEdit[]): string {
  let result = text;
  for (const { span, newText } of [...edits].reverse())
    result = result.slice(0, span[0]) + newText + result.slice(span[1]);
  return result;
}

/** The same values and the same comments as before. */
function isFaithful(before: ManifestDocument, text: string): boolean {
  const after = parseManifestDocument(text);
  if (after.doc.errors.length > 0) return false;
  const same = JSON.stringify(after.doc.toJS()) === JSON.stringify(before.doc.toJS());
  return same && comments(text) === comments(before.context.source);
}

/** Formatted again, the text stays as it is. */
function isLast(text: string, style: Style, indent: boolean): boolean {
  const document = parseManifestDocument(text);
  return lineEdits(text, layOut(document, style, indent), style.eol).length === 0;
}

function comments(text: string): string {
  const found = [...new Lexer().lex(text)].filter((token) => CST.tokenType(token) === 'comment');
  return found.map((comment) => comment.trimEnd()).join('\n');
}

/** `next` has for every line of the text what becomes of it; undefined for lines that go. */
function lineEdits(
  text: string,
  next: readonly (string | undefined)[],
  eol: string,
  only?: FormatOptions['lines'],
): FormatEdit[] {
  const edits: FormatEdit[] = [];
  let start = 0;
  const lines = text.split('\n');
  for (const [index, raw] of lines.entries()) {
    const line = raw.replace(/\r$/, '');
    const isEnd = index === lines.length - 1;
    const wanted = next[index];
    const inside = !only || (index >= only.from && index <= only.to);
    if (inside && wanted === undefined) {
      edits.push({ span: [start, start + raw.length + (isEnd ? 0 : 1)], newText: '' });
    } else if (inside && wanted !== undefined && wanted !== line) {
      edits.push(narrowed(start, line, wanted));
    }
    if (inside && isEnd && wanted !== undefined && wanted !== '') {
      edits.push({ span: [start + raw.length, start + raw.length], newText: eol });
    }
    start += raw.length + 1;
  }
  return edits;
}

/** Only what differs, so that cursors and marks in the rest stay. */
function narrowed(start: number, line: string, wanted: string): FormatEdit {
  let head = 0;
  while (head < line.length && head < wanted.length && line[head] === wanted[head]) head += 1;
  let tail = 0;
  const most = Math.min(line.length, wanted.length) - head;
  while (tail < most && line[line.length - 1 - tail] === wanted[wanted.length - 1 - tail]) tail += 1;
  return { span: [start + head, start + line.length - tail], newText: wanted.slice(head, wanted.length - tail) };
}
