/** Aligned tables that respect the width of the terminal. */
import { cut, type Line, type Span, styled, width, wrap } from './text.ts';

export interface Column {
  title?: string;
  /** What happens to text that doesn't fit; `keep` never gives way. */
  overflow?: 'keep' | 'cut' | 'wrap';
  align?: 'left' | 'right';
  /** Left out, the last of them first, where there is no room for all. */
  optional?: boolean;
}

export type Cell = string | Span;

const gap = 2;
const narrowest = 8;

/**
 * Rows as lines of at most `limit` columns; a title row first when a column has one. Where not even the columns that
 * can't be done without have room side by side, each row is a list of its own. Pass Infinity for no limit.
 */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], limit: number): Line[] {
  const titled = columns.some((column) => column.title !== undefined);
  let kept = columns.map((_, index) => index);
  for (;;) {
    const shown = kept.flatMap((index) => columns[index] ?? []);
    const titles = shown.map((column) => styled('dim', column.title ?? ''));
    const cells = rows.map((row) => kept.map((index) => row[index] ?? ''));
    const all = titled ? [titles, ...cells] : cells;
    const widths = fit(shown, all, limit);
    const last = kept.findLast((index) => columns[index]?.optional);
    if (totalOf(widths) <= limit || (last === undefined && !titled))
      return all.flatMap((row) => rowLines(shown, row, widths));
    if (last === undefined) return lists(columns, rows, limit);
    kept = kept.filter((index) => index !== last);
  }
}

/** Each row as its titles and values, one below the other; what is empty is left out. */
function lists(columns: readonly Column[], rows: readonly (readonly Cell[])[], limit: number): Line[] {
  return rows.flatMap((row, at) => {
    const facts = columns.flatMap(({ title = '' }, index): Cell[][] => {
      const value = row[index] ?? '';
      return textOf(value) === '' ? [] : [[styled('dim', title.toLowerCase()), value]];
    });
    const lines = table([{}, { overflow: 'wrap' }], facts, limit);
    return at === 0 ? lines : [[], ...lines];
  });
}

/** Natural widths, then the widest that may give way gives way first. */
function fit(columns: readonly Column[], rows: readonly (readonly Cell[])[], limit: number): number[] {
  const widths = columns.map((_, index) => Math.max(0, ...rows.map((row) => width(textOf(row[index])))));
  while (totalOf(widths) > limit) {
    const flexible = columns
      .map(({ overflow = 'keep' }, index) => ({ overflow, index, wide: widths[index] ?? 0 }))
      .filter(({ overflow, wide }) => overflow !== 'keep' && wide > narrowest)
      .sort((a, b) => b.wide - a.wide);
    const [widest, second] = flexible;
    if (!widest) break;
    const excess = totalOf(widths) - limit;
    // Down to the next widest in one go; one by one would be slow for a cell of a hundred thousand characters.
    const step = Math.max(1, Math.min(excess, widest.wide - Math.max(second?.wide ?? 0, narrowest)));
    widths[widest.index] = widest.wide - step;
  }
  return widths;
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, one) => sum + one, 0) + gap * (widths.length - 1);
}

function rowLines(columns: readonly Column[], row: readonly Cell[], widths: number[]): Line[] {
  const cells = columns.map((column, index) => {
    const text = textOf(row[index]);
    const room = widths[index] ?? 0;
    return column.overflow === 'wrap'
      ? wrap(text, Math.max(room, 1))
      : [column.overflow === 'cut' ? cut(text, room) : text];
  });
  const height = Math.max(1, ...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) => {
    const last = cells.findLastIndex((lines) => (lines[at] ?? '') !== '');
    return columns.slice(0, last + 1).flatMap((column, index) => {
      const text = cells[index]?.[at] ?? '';
      const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - width(text)));
      const shown = styled(styleOf(row[index]), text);
      const between = index === 0 ? '' : ' '.repeat(gap);
      if (column.align === 'right') return [`${between}${padding}`, shown];
      return index === last ? [between, shown] : [between, shown, padding];
    });
  });
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'object' ? cell.text : (cell ?? '');
}

function styleOf(cell: Cell | undefined): Span['style'] {
  return typeof cell === 'object' ? cell.style : undefined;
}
