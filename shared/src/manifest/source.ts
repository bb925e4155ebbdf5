/** Offsets in a text to the lines and UTF-16 columns that editors count in, and back. */
import type { Fix, Range } from './model.ts';

/** Start and end offset in UTF-16 code units, end exclusive. */
export type Span = readonly [start: number, end: number];

export interface LineIndex {
  /** Offset of the start of every line. `\n`, `\r\n` and a lone `\r` end a line, as in the language server protocol. */
  readonly starts: readonly number[];
  readonly length: number;
}

export function lineIndex(text: string): LineIndex {
  const starts = [0];
  for (let offset = 0; offset < text.length; offset++) {
    const unit = text.charCodeAt(offset);
    if (unit === 10 || (unit === 13 && text.charCodeAt(offset + 1) !== 10)) starts.push(offset + 1);
  }
  return { starts, length: text.length };
}

/** Zero-based line and character; offsets outside the text are moved to its ends. */
export function positionAt(index: LineIndex, offset: number): Range['start'] {
  const wanted = Math.min(Math.max(offset, 0), index.length);
  let low = 0;
  let high = index.starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((index.starts[middle] ?? 0) <= wanted) low = middle;
    else high = middle - 1;
  }
  return { line: low, character: wanted - (index.starts[low] ?? 0) };
}

/** Offset of a position; positions outside the text are moved to its end. */
export function offsetAt(index: LineIndex, position: Range['start']): number {
  const start = index.starts[position.line];
  if (start === undefined) return index.length;
  const next = index.starts[position.line + 1] ?? index.length;
  return Math.min(start + position.character, next);
}

export function spanRange(index: LineIndex, span: Span): Range {
  return { start: positionAt(index, span[0]), end: positionAt(index, span[1]) };
}

/** The text of a zero-based line without its line end; empty for a line that is not there. */
export function lineText(text: string, index: LineIndex, line: number): string {
  const start = index.starts[line];
  if (start === undefined) return '';
  return text.slice(start, index.starts[line + 1] ?? text.length).replace(/[\r\n]+$/, '');
}

/** The part of a span that lies on its first line, so that marks stay short. */
export function firstLine(text: string, span: Span): Span {
  const newline = text.slice(span[0], span[1]).search(/\r|\n/);
  return newline < 0 ? span : [span[0], span[0] + newline];
}

/** The text with all edits of a fix applied. */
export function applyFix(text: string, fix: Fix): string {
  const index = lineIndex(text);
  const edits = fix.edits.map((edit) => ({
    start: offsetAt(index, edit.range.start),
    end: offsetAt(index, edit.range.end),
    newText: edit.newText,
  }));
  edits.sort((a, b) => b.start - a.start);
  let result = text;
  for (const edit of edits) result = result.slice(0, edit.start) + edit.newText + result.slice(edit.end);
  return result;
}
