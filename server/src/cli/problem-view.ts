/** A problem on a terminal: the words of `problemLines`, which editor and logs show too, wrapped under their labels. */
import { type Problem, problemLines } from 'minicloud-shared/model/problem';
import { type Line, styled, wrap } from './text.ts';

export function problemView(problem: Problem, columns: number): Line[] {
  return problemLines(problem)
    .flatMap((line) => line.split('\n'))
    .flatMap((line, index): Line[] => {
      if (index === 0) return wrap(line, columns).map((part) => [styled('red', part)]);
      const label = /^ {2}(?:why|still|do) +/.exec(line)?.[0];
      // Evidence is quoted: its spaces are its own.
      if (label === undefined) return [[styled('dim', line)]];
      const parts = wrap(line.slice(label.length), Math.max(20, columns - label.length));
      return parts.map((part, at) => [at === 0 ? styled('bold', label) : ' '.repeat(label.length), part]);
    });
}
