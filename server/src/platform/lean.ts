/** How Node is told to stay small. Say it before anything large is loaded: what has grown by then is kept. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const flags = [
  // Room for new objects grows with every burst, such as the start, and is hardly given back: 16 MB that an idle
  // companion has no use for. Kept small, what is new is tidied up a little more often.
  '--semi-space-growth-factor=1',
  // The optimizing compilers and what they make take 12 MB. A companion waits for engine and disk, not for itself.
  '--no-opt',
  '--no-maglev',
];

/**
 * What whoever starts the companion as a process of its own gives it, as the C library reads it before anything of ours
 * runs: one heap for all threads, where each would keep one of its own. 5 to 10 MB idle, 30 MB after a flood of logs.
 */
export const leanEnvironment = { MALLOC_ARENA_MAX: '1' } as const;

export function stayLean(): void {
  for (const flag of flags) setFlagsFromString(flag);
}

/** Twice, as what the first one finds is given back to the machine by the second. */
const tidyAfterMs = [2_000, 4_000];

/**
 * Collects what the start has left behind, 20 MB with a hundred apps: V8 does so when it needs room, and a companion
 * that has little to do would keep it for hours. Milliseconds of work, twice in the life of the process.
 */
export function tidyAfterStart(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') return;
  for (const ms of tidyAfterMs) setTimeout(() => collect(), ms).unref();
}
