/** Counts tests and says what happened to them, from the events of the reporter. Pure but for the `say` it is given. */
import path from 'node:path';
import type { WireEvent } from './reporter.ts';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export interface Tally {
  readonly counts: Counts;
  /** One line for each failure, to repeat at the end. */
  readonly failures: string[];
  /** Names of the tests and groups that were told; cleared by whoever begins to count them. */
  readonly names: Set<string>;
  take(event: WireEvent): void;
  /** A test that is not Node's: a type check, a file that never ran. */
  add(name: string, ok: boolean, ms: number, lines?: readonly string[]): void;
  /** Ends the suite: every expected file that said nothing becomes a failure. */
  finish(expected: readonly string[]): void;
}

interface FileState {
  passed: number;
  failed: number;
  skipped: number;
  /** Depths that have had a child since their last event: a test with children is not counted besides them. */
  hadChildren: boolean[];
  output: string[];
  ended: boolean;
}

/** Most lines of what a file printed that are shown with its failures. */
const outputKept = 60;

export function createTally(root: string, say: (line: string) => void): Tally {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const failures: string[] = [];
  const names = new Set<string>();
  const files = new Map<string, FileState>();

  const stateOf = (file: string): FileState => {
    let state = files.get(file);
    if (!state) {
      state = { passed: 0, failed: 0, skipped: 0, hadChildren: [], output: [], ended: false };
      files.set(file, state);
    }
    return state;
  };

  const fail = (title: string, lines: readonly string[]) => {
    counts.failed++;
    failures.push(title);
    say(`  FAIL ${title}`);
    for (const line of lines.slice(0, 80)) say(`       ${line}`);
  };

  const showOutput = (state: FileState) => {
    if (state.output.length === 0) return;
    say('       printed by this file:');
    for (const line of state.output) say(`       | ${line}`);
    state.output = [];
  };

  const endFile = (file: string, state: FileState, ms: number) => {
    if (state.ended) return;
    state.ended = true;
    const name = path.relative(root, file);
    const total = state.passed + state.failed + state.skipped;
    if (total === 0) {
      state.failed++;
      fail(`${name}: ran no test`, []);
      showOutput(state);
      return;
    }
    const mark = state.failed > 0 ? 'FAIL' : state.skipped > 0 ? 'SKIP' : 'ok  ';
    if (state.failed > 0) showOutput(state);
    const parts = [`${total} test${total === 1 ? '' : 's'}`];
    if (state.failed > 0) parts.push(`${state.failed} failed`);
    if (state.skipped > 0) parts.push(`${state.skipped} skipped`);
    say(`  ${mark} ${name}  ${parts.join(', ')}  ${seconds(ms)}`);
  };

  return {
    counts,
    failures,
    names,
    take(event) {
      const state = stateOf(event.file);
      if (event.type === 'output') {
        state.output.push(...event.lines);
        state.output = state.output.slice(-outputKept);
        return;
      }
      if (event.type === 'file-end') return endFile(event.file, state, event.ms);
      if (event.whole) {
        if (event.type === 'fail' && event.failure !== 'subtestsFailed') {
          state.failed++;
          state.ended = true;
          fail(`${path.relative(root, event.file)}: the file itself failed`, event.lines);
          showOutput(state);
        } else endFile(event.file, state, event.ms);
        return;
      }
      names.add(event.name);
      const parent = event.suite || state.hadChildren[event.nesting] === true;
      state.hadChildren[event.nesting] = false;
      if (event.nesting > 0) state.hadChildren[event.nesting - 1] = true;
      const title = `${path.relative(root, event.file)}: ${event.name}`;
      if (event.skipped) {
        counts.skipped++;
        state.skipped++;
        say(`  SKIP ${title}`);
      } else if (event.type === 'fail') {
        // A parent that only failed because of its children is told by the children.
        if (parent && event.failure === 'subtestsFailed') return;
        state.failed++;
        fail(title, event.lines);
      } else if (!parent) {
        counts.passed++;
        state.passed++;
      }
    },
    add(name, ok, ms, lines = []) {
      if (!ok) return fail(name, lines);
      counts.passed++;
      say(`  ok   ${name}  ${seconds(ms)}`);
    },
    finish(expected) {
      for (const file of expected) {
        const state = stateOf(path.resolve(root, file));
        if (!state.ended) endFile(path.resolve(root, file), state, 0);
      }
    },
  };
}

/** The line that ends every run. */
export function lastLine(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}

/** Nothing failed, nothing was skipped, and something ran. */
export function succeeded(counts: Counts): boolean {
  return counts.failed === 0 && counts.skipped === 0 && counts.passed > 0;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
