import type { LogLine } from 'minicloud-shared/model/system';

/** Log lines as a text document: time, process, stream, words. Times are ISO 8601 in UTC. */
export function logText(lines: readonly LogLine[]): string {
  return lines
    .map(({ at, process, release, stream, text }) => {
      const mark = stream === 'stderr' ? '!' : ' ';
      return `${new Date(at).toISOString()}  ${process} r${release} ${mark} ${withoutControls(text)}\n`;
    })
    .join('');
}

/** Escape sequences and controls that reorder text are taken out: a log line must not be able to look like another. */
export function withoutControls(text: string): string {
  return text
    .replace(/\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, '')
    .replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '');
}
