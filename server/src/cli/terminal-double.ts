/** A terminal in memory, for tests: keeps what a person would see, understands what `live.ts` writes, can be resized. */
import type { ScreenStream } from './screen.ts';

export interface TerminalDouble extends ScreenStream {
  columns: number;
  rows: number;
  /** What is on it, and what was scrolled away above: one string a row, without trailing spaces and rows. */
  seen(): string[];
  /** As terminals do: rows that are too wide for the new size are wrapped. */
  resize(columns: number, rows: number): void;
  cursorHidden(): boolean;
  /** Every character that was written. */
  written(): string;
}

interface Row {
  text: string;
  /** It goes on on the next row only because the terminal is too narrow. */
  wrapped: boolean;
}

export function createTerminalDouble(columns = 80, rows = 24): TerminalDouble {
  let all: Row[] = [{ text: '', wrapped: false }];
  let at = 0;
  let column = 0;
  let hidden = false;
  let written = '';
  const listeners = new Set<() => void>();

  const row = (): Row => all[at] ?? { text: '', wrapped: false };
  const down = () => {
    at += 1;
    if (at === all.length) all.push({ text: '', wrapped: false });
  };
  const put = (character: string) => {
    if (column === terminal.columns) {
      row().wrapped = true;
      down();
      column = 0;
    }
    const { text } = row();
    row().text = text.padEnd(column).slice(0, column) + character + text.slice(column + 1);
    column += 1;
  };
  const control = (parameters: string, command: string) => {
    const count = Number.parseInt(parameters, 10) || 1;
    if (command === 'A') at = Math.max(at - count, Math.max(0, all.length - terminal.rows));
    else if (command === 'K') {
      row().text = row().text.slice(0, column);
      row().wrapped = false;
    } else if (command === 'J') {
      row().text = row().text.slice(0, column);
      all = all.slice(0, at + 1);
    } else if (parameters === '?25') hidden = command === 'l';
  };

  const terminal: TerminalDouble = {
    isTTY: true,
    columns,
    rows,
    write(text) {
      written += text;
      for (const token of text.matchAll(/\u001b\[([?0-9;]*)([A-Za-z])|[\s\S]/g)) {
        const [whole, parameters, command] = token;
        if (command !== undefined) control(parameters ?? '', command);
        else if (whole === '\n') {
          down();
          // A terminal in its usual mode starts the next row at its beginning.
          column = 0;
        } else if (whole === '\r') column = 0;
        else put(whole);
      }
      return true;
    },
    on: (_event, listener) => listeners.add(listener),
    off: (_event, listener) => listeners.delete(listener),
    seen() {
      const shown = all.map(({ text }) => text.trimEnd());
      return shown.slice(0, shown.findLastIndex((text) => text !== '') + 1);
    },
    resize(nextColumns, nextRows) {
      terminal.columns = nextColumns;
      terminal.rows = nextRows;
      const lines: string[] = [];
      let joined = false;
      for (const { text, wrapped } of all) {
        if (joined) lines[lines.length - 1] += text;
        else lines.push(text);
        joined = wrapped;
      }
      all = lines.flatMap((line) => {
        const parts = line.match(new RegExp(`.{1,${nextColumns}}`, 'gu')) ?? [''];
        return parts.map((text, index): Row => ({ text, wrapped: index < parts.length - 1 }));
      });
      // Our lines end with a newline, so that the cursor is on an empty row below them.
      at = all.length - 1;
      column = Math.min(column, nextColumns);
      for (const listener of listeners) listener();
    },
    cursorHidden: () => hidden,
    written: () => written,
  };
  return terminal;
}
