/** Drain: what was under way on the old release may finish before it is stopped. */
import type { ContainerSummary } from '../adapters/engine/contract.ts';
import { poll } from '../platform/wait.ts';
import { releaseLabel } from '../processes/processes.ts';
import type { Run } from './execute.ts';

/** Resolves when the proxy has nothing under way on these containers' releases, or when the drain time is over. */
export async function drain(run: Run, containers: ContainerSummary[], detail: (text: string) => void): Promise<void> {
  const { cloud, app, desired } = run;
  const versions = new Set(containers.map((container) => Number(container.labels[releaseLabel] ?? 0)));
  versions.delete(desired.version);
  const active = async () => {
    const counters = await cloud.proxy.counters({ signal: run.operation.signal });
    return counters
      .filter((entry) => entry.app === app.name && versions.has(entry.release))
      .reduce((sum, entry) => sum + entry.active, 0);
  };
  await poll(
    async () => {
      const left = await active();
      if (left > 0) detail(`${left} under way`);
      return left === 0 ? true : undefined;
    },
    { firstMs: 50, mostMs: 1000, deadlineMs: cloud.config.drainMs, signal: run.operation.signal },
  );
  run.prober?.stop();
}
