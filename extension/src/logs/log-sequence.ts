/**
 * Puts a followed log in order over reconnects and redeploys: no line twice, a mark where a release begins, and a word
 * where lines may be missing. Pure.
 */
import type { LogLine } from 'minicloud-shared/model/system';

export type LogPiece =
  | { kind: 'line'; line: LogLine }
  /** The first line of a release, other than the first one seen. */
  | { kind: 'release'; release: number; at: number }
  /** The stream was lost and did not begin again where it was lost. */
  | { kind: 'gap' };

export interface LogSequence {
  /** The stream is open (again): what comes next may repeat what was shown. */
  restart(): void;
  accept(line: LogLine): LogPiece[];
}

interface Shown {
  at: number;
  /** How often each text was shown at that time: an app may write the same line twice in a millisecond. */
  texts: Map<string, number>;
}

export function createLogSequence(): LogSequence {
  const newest = new Map<string, Shown>();
  let before = new Map<string, Shown>();
  let newestAt = 0;
  let release: number | undefined;
  /** Nothing has come since the stream was opened again. */
  let reopened = false;

  function repeats(line: LogLine): boolean {
    const known = before.get(sourceOf(line));
    if (!known || line.at > known.at) return false;
    if (line.at < known.at) return true;
    const left = known.texts.get(line.text) ?? 0;
    known.texts.set(line.text, left - 1);
    return left > 0;
  }

  function remember(line: LogLine): void {
    const source = sourceOf(line);
    const known = newest.get(source);
    if (known?.at === line.at) known.texts.set(line.text, (known.texts.get(line.text) ?? 0) + 1);
    else if (!known || line.at > known.at) newest.set(source, { at: line.at, texts: new Map([[line.text, 1]]) });
    newestAt = Math.max(newestAt, line.at);
  }

  return {
    restart() {
      before = new Map([...newest].map(([source, { at, texts }]) => [source, { at, texts: new Map(texts) }]));
      reopened = newest.size > 0;
    },
    accept(line) {
      const pieces: LogPiece[] = [];
      // The server begins with the last lines: when even the first of them is new, there were more than it tells.
      if (reopened && line.at > newestAt) pieces.push({ kind: 'gap' });
      reopened = false;
      if (repeats(line)) return pieces;
      remember(line);
      if (release !== undefined && line.release > release)
        pieces.push({ kind: 'release', release: line.release, at: line.at });
      release = Math.max(release ?? 0, line.release);
      pieces.push({ kind: 'line', line });
      return pieces;
    },
  };
}

function sourceOf({ process, replica, release }: LogLine): string {
  return `${process}/${replica}/${release}`;
}
