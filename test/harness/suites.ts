/** The suites as data: which files belong to them, what they need, and how they are chosen on the command line. */
import { globSync } from 'node:fs';
import path from 'node:path';

/** `engine`: a Docker engine of its own, in a network namespace. `podman`: the same of Podman. `browser`: Chromium and VS Code. `load`: wrk. */
export type Need = 'engine' | 'podman' | 'browser' | 'load';

export interface Suite {
  name: string;
  /** Glob patterns from the root of the workspace; none for the suite whose tests are other programs. */
  files: readonly string[];
  needs: readonly Need[];
  /** Names of the tests that belong to it, as `--test-name-pattern` takes them; all of the files' tests when not given. */
  tests?: readonly string[];
  concurrency: number;
  /** Words in the paths of files that need the engine for themselves; they run after the others, one by one. */
  alone?: readonly string[];
  /** Most milliseconds for one test. */
  testTimeoutMs: number;
  /** Most milliseconds without any news from the suite. */
  silenceMs: number;
}

const minutes = 60_000;

/** Fast first. */
export const suites: readonly Suite[] = [
  { name: 'static', files: [], needs: [], concurrency: 1, testTimeoutMs: 5 * minutes, silenceMs: 5 * minutes },
  {
    name: 'unit',
    files: [
      'shared/src/**/*.test.ts',
      'server/src/**/*.test.ts',
      'server/setup/**/*.test.ts',
      'server/images/**/*.test.ts',
      'server/dashboard/**/*.test.ts',
      'extension/**/*.test.ts',
      'test/harness/**/*.test.ts',
      'test/bench/**/*.test.ts',
    ],
    needs: [],
    // The few that wait, for a server or a program, leave the processor to others.
    concurrency: 3,
    testTimeoutMs: 2 * minutes,
    silenceMs: 4 * minutes,
  },
  {
    name: 'architecture',
    files: ['test/architecture.test.ts'],
    needs: [],
    concurrency: 1,
    testTimeoutMs: minutes,
    silenceMs: 2 * minutes,
  },
  {
    name: 'contract',
    files: ['test/contract/**/*.test.ts'],
    needs: ['engine'],
    concurrency: 1,
    testTimeoutMs: 5 * minutes,
    silenceMs: 6 * minutes,
  },
  {
    name: 'e2e',
    files: ['test/e2e/**/*.test.ts'],
    needs: ['engine'],
    // They wait more than they work, and each has a companion of its own.
    concurrency: 3,
    alone: ['faults', 'log-flood', 'neighbours', 'network-matrix', 'uninstall', 'upgrade'],
    testTimeoutMs: 10 * minutes,
    silenceMs: 12 * minutes,
  },
  {
    // What a deploy stands on and a deploy itself, with the other engine: the very files of the suites above.
    name: 'podman',
    files: ['test/contract/engine.test.ts', 'test/e2e/network-matrix.test.ts', 'test/e2e/deploy.test.ts'],
    needs: ['podman'],
    tests: [
      '/^engine podman/',
      '/^network matrix/',
      '/^a (first deploy|second deploy|rollback appends)/',
      '/^what was (deployed is|planned is)/',
      '/^several processes, replicas/',
      '/^deleting needs/',
    ],
    concurrency: 1,
    testTimeoutMs: 5 * minutes,
    silenceMs: 6 * minutes,
  },
  {
    name: 'vscode',
    files: ['test/vscode/**/*.test.ts'],
    needs: ['engine', 'browser'],
    // Walks wait for what is to be seen, and each has a VS Code of its own.
    concurrency: 2,
    testTimeoutMs: 15 * minutes,
    silenceMs: 20 * minutes,
  },
];

export interface Selected {
  suite: Suite;
  /** Relative to the root, sorted. */
  files: string[];
}

/**
 * What `npm test -- ARGUMENTS` means: names of suites choose suites, anything else chooses files whose path holds it.
 * Words that match nothing are returned in `unknown`.
 */
export function selectSuites(
  args: readonly string[],
  filesOf: (suite: Suite) => string[],
): { selected: Selected[]; unknown: string[] } {
  const named = args.filter((word) => suites.some((suite) => suite.name === word));
  const words = args.filter((word) => !named.includes(word));
  const matched = new Set<string>();
  const selected: Selected[] = [];
  for (const suite of suites) {
    if (named.length > 0 && !named.includes(suite.name)) continue;
    const all = filesOf(suite);
    const files = words.length === 0 ? all : all.filter((file) => words.some((word) => file.includes(word)));
    for (const word of words) if (files.some((file) => file.includes(word))) matched.add(word);
    const wanted = words.length === 0 || files.length > 0;
    if (wanted) selected.push({ suite, files });
  }
  return { selected, unknown: words.filter((word) => !matched.has(word)) };
}

/** Name patterns of a suite that no test answers to; of all its files only, since a part of them may hold none. */
export function unanswered({ suite, files }: Selected, all: readonly string[], names: ReadonlySet<string>): string[] {
  if (files.length < all.length) return [];
  return (suite.tests ?? []).filter((pattern) => {
    const called = new RegExp(pattern.slice(1, -1));
    return ![...names].some((name) => called.test(name));
  });
}

/** Files of a suite on disk. */
export function filesOnDisk(root: string): (suite: Suite) => string[] {
  const skip = new Set(['node_modules', 'dist', 'fixtures']);
  return (suite) =>
    globSync([...suite.files], { cwd: root, exclude: (name) => skip.has(path.basename(name)) })
      .map((file) => file.split(path.sep).join('/'))
      .sort();
}
