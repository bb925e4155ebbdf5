/** Replicas of an app as the engine shows them, and their logs. Read-only: what should run is decided by releases. */
import type { Replica } from 'minicloud-shared/model/app';
import type { LogLine } from 'minicloud-shared/model/system';
import type { ContainerSummary, Labels } from '../adapters/engine/contract.ts';
import type { AppRow } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';

export const appLabel = 'minicloud.app';
export const releaseLabel = 'minicloud.release';
export const processLabel = 'minicloud.process';
export const replicaLabel = 'minicloud.replica';
export const roleLabel = 'minicloud.role';
export const specLabel = 'minicloud.desired';

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

const logWidth = 10_000;

/** The last lines of all replicas together, in the order in which they were written. */
export async function tailLogs(
  cloud: Cloud,
  app: AppRow,
  options: { lines: number; process?: string | undefined },
): Promise<LogLine[]> {
  const containers = await logContainers(cloud, app, options.process);
  const all = await Promise.all(
    containers.map(async (container) => {
      const lines: LogLine[] = [];
      for await (const line of cloud.engine.logs(container.id, { tail: options.lines }))
        lines.push(toLogLine(cloud, container, line));
      return lines;
    }),
  );
  return all
    .flat()
    .sort((a, b) => a.at - b.at)
    .slice(-options.lines);
}

/** Lines as they are written, from the `lines` last ones on; replicas that start later are followed too. */
export async function* followLogs(
  cloud: Cloud,
  app: AppRow,
  options: { lines: number; process?: string | undefined; signal: AbortSignal },
): AsyncGenerator<LogLine> {
  const queue: LogLine[] = [];
  const following = new Set<string>();
  /** When the last line that was passed on was written, by container. */
  const told = new Map<string, number>();
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  let wake = () => {};
  let drained = () => {};
  signal.addEventListener('abort', () => {
    wake();
    drained();
  });
  const push = async (line: LogLine) => {
    // A reader that is slower than the app holds the engine's stream back instead of filling memory.
    while (queue.length >= logWidth && !signal.aborted) {
      await new Promise<void>((resolve) => {
        drained = resolve;
      });
    }
    queue.push(line);
    wake();
  };
  const follow = async (container: ContainerSummary, tail: number) => {
    if (following.has(container.id)) return;
    following.add(container.id);
    // One that ended and is followed again, as it is being stopped or was started anew, goes on where it was.
    const seen = told.get(container.id) ?? 0;
    try {
      for await (const line of cloud.engine.logs(container.id, { tail, follow: true, signal })) {
        if (line.at <= seen) continue;
        told.set(container.id, line.at);
        await push(toLogLine(cloud, container, line));
      }
    } catch (error) {
      if (!signal.aborted) cloud.log.warn('log stream ended', { app: app.name, error: String(error) });
    } finally {
      following.delete(container.id);
    }
  };
  const watch = async () => {
    for await (const event of cloud.events.follow({ signal })) {
      const starts = event.app === app.name && event.body.kind === 'replica.changed' && event.body.state === 'running';
      const isNew =
        event.app === app.name && (event.body.kind === 'app.changed' || event.body.kind === 'release.changed');
      if (!starts && !isNew) continue;
      for (const container of await logContainers(cloud, app, options.process)) void follow(container, logWidth);
    }
  };
  try {
    for (const container of await logContainers(cloud, app, options.process)) void follow(container, options.lines);
    void watch().catch(() => {});
    while (!signal.aborted) {
      const line = queue.shift();
      if (line) {
        drained();
        yield line;
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stop.abort();
  }
}

async function logContainers(cloud: Cloud, app: AppRow, process: string | undefined): Promise<ContainerSummary[]> {
  const labels: Labels = { [appLabel]: app.id, ...(process === undefined ? {} : { [processLabel]: process }) };
  return cloud.engine.listContainers(labels);
}

/** An app may print its own passwords; whoever may read its log need not have them. */
function toLogLine(
  cloud: Cloud,
  container: ContainerSummary,
  line: { at: number; stream: 'stdout' | 'stderr'; text: string },
): LogLine {
  return {
    at: line.at,
    process: container.labels[processLabel] ?? '',
    replica: container.labels[replicaLabel] ?? '',
    release: Number(container.labels[releaseLabel] ?? 0),
    stream: line.stream,
    text: cloud.redactor.redact(line.text),
  };
}
