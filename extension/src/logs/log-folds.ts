/** What folds in a log document: a stack trace below its message, and everything of a release below its rule. Pure. */
import { wordsIn } from './log-text.ts';

export interface Fold {
  /** From 0, both shown lines included. */
  start: number;
  end: number;
}

const continues = /^(?:\s+\S|\t|at \S+ ?\(|Caused by: |File "|\.\.\. \d+ more|goroutine \d+|\s*\^+\s*$)/;
const rule = /^─+ r\d+ ─+$/;

export function logFolds(lines: readonly string[]): Fold[] {
  const folds: Fold[] = [];
  let message: number | undefined;
  let release: number | undefined;
  const close = (start: number | undefined, end: number): void => {
    if (start !== undefined && end > start) folds.push({ start, end });
  };
  for (const [index, line] of lines.entries()) {
    if (rule.test(line)) {
      close(message, index - 1);
      close(release, index - 1);
      [message, release] = [undefined, index];
      continue;
    }
    const words = wordsIn(line);
    if (words !== undefined && continues.test(words)) continue;
    close(message, index - 1);
    message = words === undefined ? undefined : index;
  }
  const last = lines.at(-1) === '' ? lines.length - 2 : lines.length - 1;
  close(message, last);
  close(release, last);
  return folds.sort((a, b) => a.start - b.start);
}
