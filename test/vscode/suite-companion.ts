import { type MemoryCompanion, startMemoryCompanion } from '../harness/memory-companion.ts';

/** The server of the suite inside the host: containers in memory; those of the app `ailing` can't be started. */
export function startSuiteCompanion(): Promise<MemoryCompanion> {
  return startMemoryCompanion({
    behaviour: ({ labels }) =>
      labels['minicloud.app-name'] === 'ailing' ? { startError: 'exec: "nothing": executable file not found' } : {},
  });
}
