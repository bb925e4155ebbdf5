/** Finds places in source files that a log line names. Pure. */

export interface Place {
  /** Where the file's name with its place begins and ends in the line. */
  start: number;
  end: number;
  /** As it is written: mostly a path inside the container. */
  path: string;
  line: number;
  column?: number;
}

/** Longer lines are data, not traces. */
const mostCharacters = 2_000;
const name = String.raw`[\w@.+~-]+`;
const path = String.raw`(?:file://)?(?:[A-Za-z]:)?[\\/]?(?:${name}[\\/])*${name}\.[A-Za-z]\w{0,9}`;

/** `file:line:column` as most write it, `file(line,column)` of .NET, `File "x", line 3` of Python, `in x on line 3` of PHP. */
const patterns: RegExp[] = [
  /File "(?<path>[^"\n]+\.\w+)", line (?<line>\d{1,7})/g,
  new RegExp(String.raw`(?<path>${path}) on line (?<line>\d{1,7})`, 'g'),
  new RegExp(String.raw`(?<path>${path}):line (?<line>\d{1,7})`, 'g'),
  new RegExp(String.raw`(?<![\w/\\.])(?<path>${path}):(?<line>\d{1,7})(?::(?<column>\d{1,5}))?(?!\d|\.\d)`, 'g'),
  new RegExp(String.raw`(?<![\w/\\.])(?<path>${path})\((?<line>\d{1,7})(?:,(?<column>\d{1,5}))?\)`, 'g'),
];

/** What is nobody's own source. */
const foreign = /(?:^|[\\/])(?:node_modules|site-packages|dist-packages|vendor|\.cargo)[\\/]|^node:|^internal[\\/]/;

export function findPlaces(text: string): Place[] {
  if (text.length > mostCharacters) return [];
  const places: Place[] = [];
  for (const pattern of patterns) {
    for (const match of text.matchAll(pattern)) {
      const { path: written = '', line, column } = match.groups ?? {};
      const start = match.index;
      const end = start + match[0].length;
      if (foreign.test(written) || places.some((other) => start < other.end && other.start < end)) continue;
      places.push({
        start,
        end,
        path: written.replace(/^file:\/\//, ''),
        line: Number(line),
        ...(column === undefined ? {} : { column: Number(column) }),
      });
    }
  }
  return places.sort((a, b) => a.start - b.start);
}

/**
 * Which of the workspace's files a path of the container is: the one that shares the most of its end. Two that share
 * as much are no answer, for one of them would be wrong. All with `/`.
 */
export function bestMatch(written: string, candidates: readonly string[]): string | undefined {
  const wanted = partsOf(written);
  const scored = candidates.map((candidate) => ({ candidate, shared: sharedEnd(wanted, partsOf(candidate)) }));
  const most = Math.max(0, ...scored.map(({ shared }) => shared));
  const best = scored.filter(({ shared }) => shared === most);
  return most > 0 && best.length === 1 ? best[0]?.candidate : undefined;
}

function partsOf(written: string): string[] {
  return written.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
}

function sharedEnd(a: readonly string[], b: readonly string[]): number {
  let shared = 0;
  while (shared < a.length && shared < b.length && a.at(-1 - shared) === b.at(-1 - shared)) shared += 1;
  return shared;
}
