/** How Node is told to stay small. Say it before anything large is loaded: what has grown by then is kept. */
import { setFlagsFromString } from 'node:v8';

const flags = [
  // Room for new objects grows with every burst, such as the start, and is hardly given back: 16 MB that an idle
  // companion has no use for. Kept small, what is new is tidied up a little more often.
  '--semi-space-growth-factor=1',
  // The optimizing compilers and what they make take 12 MB. A companion waits for engine and disk, not for itself.
  '--no-opt',
  '--no-maglev',
];

export function stayLean(): void {
  for (const flag of flags) setFlagsFromString(flag);
}
