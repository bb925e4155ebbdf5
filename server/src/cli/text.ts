/**
 * Text for terminals. Lines are spans of text with a style, so that text from servers, images and logs is always
 * cleaned on its way to the terminal and nothing but our own styles can move a cursor or change a colour.
 */
import { createRequire } from 'node:module';
import { stripVTControlCharacters, styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export interface Span {
  text: string;
  style?: Style;
}
export type Line = readonly (Span | string)[];

export function styled(style: Style | undefined, text: string): Span {
  return style === undefined ? { text } : { text, style };
}

/** A line as the characters that are written, without the newline. */
export function render(line: Line, color: boolean): string {
  return line
    .map((span) => {
      if (typeof span === 'string') return clean(span);
      const text = clean(span.text);
      return color && span.style && text !== '' ? styleText(span.style, text, { validateStream: false }) : text;
    })
    .join('');
}

/** Characters that act instead of being shown: controls, and those that change the direction of text. */
const acting = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** One line of foreign text, harmless: no escape sequences, control or direction-changing characters. Tabs are spaces. */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replace(/\t/g, '    ').replace(acting, '');
}

/** JSON whose strings can't act on a terminal either; parses to the same value. */
export function safeJson(value: unknown, indent?: number): string {
  const acts = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
  return JSON.stringify(value, undefined, indent).replace(
    acts,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Latin letters, and what lists and plans are drawn with: a column each. */
const narrow = /^[\x20-\x7e\xa1-\xac\xae-\xff–—…•→←✓]*$/;
const load = createRequire(import.meta.url);

/** Columns of cleaned text. The library is loaded for text beyond that: to know every emoji takes it 30 ms at once. */
function stringWidth(text: string): number {
  if (narrow.test(text)) return text.length;
  return (load('string-width') as typeof import('string-width')).default(text);
}

/** Columns on a terminal. */
export function width(text: string): number {
  return stringWidth(clean(text));
}

export function lineWidth(line: Line): number {
  return line.reduce((sum, span) => sum + width(typeof span === 'string' ? span : span.text), 0);
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** At most `columns` wide; what was cut is an ellipsis. */
export function cut(text: string, columns: number, ellipsis = '…'): string {
  const cleaned = clean(text);
  if (stringWidth(cleaned) <= columns) return cleaned;
  const room = columns - stringWidth(ellipsis);
  if (room <= 0) return ellipsis.slice(0, Math.max(0, columns));
  return `${take(cleaned, room)}${ellipsis}`;
}

/** The line at most `columns` wide; what is too much goes from the end. */
export function cutLine(line: Line, columns: number): Line {
  let left = columns;
  const kept: Span[] = [];
  for (const part of line) {
    const span = typeof part === 'string' ? { text: part } : part;
    const wide = width(span.text);
    if (wide <= left) {
      kept.push(span);
      left -= wide;
      continue;
    }
    kept.push({ ...span, text: cut(span.text, left) });
    break;
  }
  return kept;
}

/** In lines of at most `columns`, broken at spaces, inside a word only where it is longer than a line. Never empty. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of clean(text).split(' ')) {
    let rest = word;
    if (line !== '' && stringWidth(`${line} ${rest}`) > columns) {
      lines.push(line);
      line = '';
    }
    while (stringWidth(rest) > columns) {
      const head = take(rest, columns);
      lines.push(head);
      rest = rest.slice(head.length);
    }
    line = line === '' ? rest : `${line} ${rest}`;
  }
  lines.push(line);
  return lines;
}

/** The beginning of `text` that fits; one grapheme at least, so that whoever loops over it comes to an end. */
function take(text: string, columns: number): string {
  let taken = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += stringWidth(segment);
    if (used > columns && taken !== '') break;
    taken += segment;
  }
  return taken;
}
