import type { LogLine } from 'minicloud-shared/model/system';

/** Log lines as a text document: time, process, release, stream, words, and a rule where a newer release begins. */
export function logText(lines: readonly LogLine[]): string {
  let newest: number | undefined;
  return lines
    .map((line) => {
      const begins = newest !== undefined && line.release > newest;
      newest = Math.max(newest ?? 0, line.release);
      return `${begins ? `${releaseRule(line.release)}\n` : ''}${lineText(line)}\n`;
    })
    .join('');
}

/** Times are ISO 8601 in UTC; `!` marks the error stream. */
function lineText({ at, process, replica, release, stream, text }: LogLine): string {
  const source = replica === '' ? process : `${process}.${replica.slice(0, 8)}`;
  return `${new Date(at).toISOString()}  ${source} r${release} ${stream === 'stderr' ? '!' : ' '} ${withoutControls(text)}`;
}

export function releaseRule(release: number): string {
  return `──────── r${release} ────────`;
}

/** The words of a line of such a document; undefined where it is a rule or a heading. */
export function wordsIn(line: string): string | undefined {
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z {2}\S+ r\d+ [! ] (.*)$/.exec(line)?.[1];
}

/**
 * Escape sequences, ends of lines and controls that reorder text are taken out: a line of a log, a plan or a terminal
 * must not be able to look like another.
 */
export function withoutControls(text: string): string {
  return text
    .replace(/\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, '')
    .replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '');
}
