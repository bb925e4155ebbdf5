/** Replicas of an app as the engine shows them. Read-only: what should run is decided by releases. */
import type { Replica } from 'minicloud-shared/model/app';
import type { ContainerSummary } from '../adapters/engine/contract.ts';
import type { AppRow } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';

export const appLabel = 'minicloud.app';
export const releaseLabel = 'minicloud.release';
export const processLabel = 'minicloud.process';
export const replicaLabel = 'minicloud.replica';
export const roleLabel = 'minicloud.role';
export const specLabel = 'minicloud.desired';
/** Of support containers, which live on over releases: the one that made it. Not part of what is desired. */
export const madeByLabel = 'minicloud.made-by-release';
/** `no` or `yes` on containers whose way to the internet is not their role's; then with the address that they have. */
export const internetLabel = 'minicloud.internet';
export const addressLabel = 'minicloud.address';

export type Role = 'process' | 'support' | 'release-command';

/** Every replica of every app by the app's id, in one question to the engine. */
export async function replicasByApp(cloud: Cloud, signal?: AbortSignal): Promise<Map<string, Replica[]>> {
  const byApp = new Map<string, Replica[]>();
  for (const container of await cloud.engine.listContainers({}, signal ? { signal } : {})) {
    const app = container.labels[appLabel];
    if (app === undefined || container.labels[roleLabel] === 'release-command') continue;
    const list = byApp.get(app) ?? [];
    list.push(toReplica(container));
    byApp.set(app, list);
  }
  return byApp;
}

export async function replicasOf(cloud: Cloud, app: Pick<AppRow, 'id'>): Promise<Replica[]> {
  const containers = await cloud.engine.listContainers({ [appLabel]: app.id });
  const shown = containers.filter((container) => container.labels[roleLabel] !== 'release-command');
  return Promise.all(
    shown.map(async (container) => {
      const replica = toReplica(container);
      if (container.state === 'running' || container.state === 'created') return replica;
      const facts = await cloud.engine.inspectContainer(container.id);
      return facts ? { ...replica, reason: exitReason(facts) } : replica;
    }),
  );
}

/** Containers of the app that run: of the serving release before others, processes before support, by number. */
export async function runningReplicas(
  cloud: Cloud,
  app: Pick<AppRow, 'id' | 'serving'>,
  signal?: AbortSignal,
): Promise<ContainerSummary[]> {
  const found = await cloud.engine.listContainers({ [appLabel]: app.id }, signal ? { signal } : {});
  const rank = ({ labels }: ContainerSummary) =>
    labels[roleLabel] === 'support' ? 1 : Number(labels[releaseLabel]) === app.serving ? 0 : 2;
  return found
    .filter(({ state, labels }) => state === 'running' && labels[roleLabel] !== 'release-command')
    .sort((a, b) => rank(a) - rank(b) || Number(a.labels[replicaLabel]) - Number(b.labels[replicaLabel]));
}

/** `exit code 3`, `out of memory (limit 64 MB)`: why a container does not run, in words. */
export function exitReason(facts: {
  oomKilled: boolean;
  exitCode?: number | undefined;
  error?: string | undefined;
}): string {
  if (facts.oomKilled) return 'out of memory';
  if (facts.error) return facts.error;
  return facts.exitCode === undefined ? 'not running' : `exit code ${facts.exitCode}`;
}

function toReplica(container: ContainerSummary): Replica {
  const states: Record<ContainerSummary['state'], Replica['state']> = {
    created: 'starting',
    running: 'healthy',
    paused: 'unhealthy',
    restarting: 'unhealthy',
    exited: 'exited',
    dead: 'exited',
  };
  return {
    id: container.id,
    process: container.labels[processLabel] ?? '',
    release: Number(container.labels[releaseLabel] ?? 0),
    state: states[container.state],
    ...(container.labels[replicaLabel] === undefined ? {} : { replica: Number(container.labels[replicaLabel]) }),
  };
}
