/** Finds lines of a log with what was written around them. Pure. */
import type { LogLine } from 'minicloud-shared/model/system';

export interface FoundLines {
  matches: number;
  /** Matching lines with those around them; neighbours are one group. */
  groups: LogLine[][];
}

/** What was typed as a pattern: `/…/` is a regular expression, anything else are words as they stand, in any case. */
export function wordsOf(typed: string): RegExp | undefined {
  const text = typed.trim();
  const expression = /^\/(.+)\/$/.exec(text)?.[1];
  try {
    return expression === undefined
      ? new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i')
      : new RegExp(expression);
  } catch {
    return undefined;
  }
}

export function searchLines(lines: readonly LogLine[], pattern: RegExp, around = 2): FoundLines {
  const groups: LogLine[][] = [];
  let matches = 0;
  /** Index after the last line that is in a group. */
  let taken = 0;
  for (const [index, { text }] of lines.entries()) {
    if (!pattern.test(text)) continue;
    matches += 1;
    const from = Math.max(taken, index - around);
    const until = Math.min(lines.length, index + around + 1);
    const open = groups.at(-1);
    if (open && from === taken && taken > 0) open.push(...lines.slice(from, until));
    else groups.push(lines.slice(from, until));
    taken = Math.max(taken, until);
  }
  return { matches, groups };
}
