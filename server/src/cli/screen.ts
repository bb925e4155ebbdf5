/** Where a command writes to: standard output for results, standard error for progress, questions and problems. */
import { clean, type Line, render, safeJson } from './text.ts';

export interface Screen {
  /** Infinity when it is no terminal: files and pipes get whole lines. */
  readonly columns: number;
  readonly rows: number;
  /** A terminal on which lines can be drawn again. */
  readonly live: boolean;
  readonly color: boolean;
  /** False where only ASCII is shown. */
  readonly unicode: boolean;
  print(...lines: Line[]): void;
  /** One JSON document, or with `compact` one line of a stream. */
  json(value: unknown, compact?: boolean): void;
  /** Characters as they are. For `live.ts` and completion scripts alone. */
  raw(characters: string): void;
  /** Called when the width changes; the answer stops it. */
  onResize(listener: () => void): () => void;
}

export interface ScreenStream {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  write(text: string): unknown;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

export function createScreen(
  stream: ScreenStream,
  env: NodeJS.ProcessEnv,
  options: { noColor?: boolean } = {},
): Screen {
  const terminal = stream.isTTY === true;
  const dumb = env.TERM === 'dumb';
  const color = wantsColor(terminal && !dumb, env, options.noColor === true);
  return {
    get columns() {
      return terminal ? Math.max(20, stream.columns || 80) : Number.POSITIVE_INFINITY;
    },
    get rows() {
      return terminal ? Math.max(5, stream.rows || 24) : Number.POSITIVE_INFINITY;
    },
    live: terminal && !dumb,
    color,
    unicode: /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || 'UTF-8'),
    print: (...lines) => void stream.write(lines.map((line) => `${render(line, color)}\n`).join('')),
    json: (value, compact) => void stream.write(`${safeJson(value, compact ? undefined : 2)}\n`),
    raw: (characters) => void stream.write(characters),
    onResize(listener) {
      stream.on?.('resize', listener);
      return () => void stream.off?.('resize', listener);
    },
  };
}

/** https://no-color.org: any value that is not empty switches colours off; FORCE_COLOR switches them on in pipes. */
function wantsColor(terminal: boolean, env: NodeJS.ProcessEnv, refused: boolean): boolean {
  if (refused || env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return terminal;
}

/** Foreign text of several lines as lines. */
export function textLines(text: string): Line[] {
  return text.split('\n').map((line) => [clean(line)]);
}
