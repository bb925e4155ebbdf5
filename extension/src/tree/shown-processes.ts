/** What runs of an app, process by process: for the rows of the tree and the hovers of its manifest. */
import type { AppDetail, AppProcess, Replica } from 'minicloud-shared/model/app';

export interface ShownProcess extends Pick<AppProcess, 'name' | 'kind' | 'count'> {
  command?: string[] | undefined;
  image?: string | undefined;
  replicas: readonly Replica[];
}

/**
 * Processes with their replicas, in the manifest's order. Replicas of what the serving release no longer names, as
 * while they drain, come last. An older server names no processes: then the replicas tell which there are.
 */
export function shownProcesses({ processes, replicas }: AppDetail): ShownProcess[] {
  const known: ShownProcess[] = processes.map((process) => ({ ...process, replicas: [] }));
  for (const replica of replicas) {
    const index = known.findIndex(({ name }) => name === replica.process);
    const found = known[index];
    if (found) known[index] = { ...found, replicas: [...found.replicas, replica] };
    else known.push({ name: replica.process, kind: 'process', count: 1, replicas: [replica] });
  }
  return processes.length > 0
    ? known
    : known.map((process) => ({ ...process, count: Math.max(1, process.replicas.length) }));
}

/** How many are well. */
export function healthy(replicas: readonly Replica[]): number {
  return replicas.filter(({ state }) => state === 'healthy').length;
}
