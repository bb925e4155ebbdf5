/** Lines at the end of the terminal that are drawn again in place, without flicker and whatever its size becomes. */
import type { Screen } from './screen.ts';
import { type Line, lineWidth, render } from './text.ts';

export interface Live {
  /** Replaces what is shown. Lines must not be wider than the screen. */
  draw(lines: readonly Line[]): void;
  /** Takes it away. */
  clear(): void;
  /** Leaves this behind for good, and the cursor below it. */
  finish(lines: readonly Line[]): void;
}

/** Terminals that know synchronized output show each frame at once; the others ignore the marks. */
const frameStart = '\u001b[?2026h';
const frameEnd = '\u001b[?2026l';
const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
const clearToLineEnd = '\u001b[K';
const clearBelow = '\u001b[J';

export function createLive(screen: Screen): Live {
  let shown: number[] = [];
  let hidden = false;
  const restore = () => {
    if (hidden) screen.raw(showCursor);
    hidden = false;
    process.off('exit', restore);
  };
  // Rows on the terminal now: what was narrower than it may have been wrapped since it became smaller.
  const rowsShown = () => {
    const rows = shown.reduce((sum, wide) => sum + Math.max(1, Math.ceil(wide / screen.columns)), 0);
    return Math.min(rows, screen.rows - 1);
  };
  const back = (rows: number) => (rows === 0 ? '\r' : `\u001b[${rows}A\r`);
  const write = (lines: readonly Line[]) => {
    if (!hidden) process.on('exit', restore);
    const cursor = hidden ? '' : hideCursor;
    hidden = true;
    const text = lines.map((line) => `${render(line, screen.color)}${clearToLineEnd}\n`).join('');
    screen.raw(`${frameStart}${cursor}${back(rowsShown())}${text}${clearBelow}${frameEnd}`);
    shown = lines.map(lineWidth);
  };
  return {
    draw: write,
    clear() {
      const rows = rowsShown();
      // Line by line: clearing all from the top at once puts a copy into the history of some terminals.
      const blank = `${clearToLineEnd}\n`.repeat(rows);
      if (rows > 0) screen.raw(`${back(rows)}${blank}${clearBelow}${back(rows)}`);
      shown = [];
      restore();
    },
    finish(lines) {
      write(lines);
      shown = [];
      restore();
    },
  };
}
