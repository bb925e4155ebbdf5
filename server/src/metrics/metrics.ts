/**
 * Metrics: what processes use and how they and their routes answer. Everything is looked at once a minute, and an app that somebody
 * watches every 15 seconds; a day is kept in memory, closer together near its end.
 */
import type { Answers, AppMetrics, ProcessMetrics, RouteMetrics } from 'minicloud-shared/model/metrics';
import { toProblem } from 'minicloud-shared/model/problem';
import type { ProxyRouteCounter } from '../adapters/proxy/contract.ts';
import type { AppRow } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import { appLabel, processLabel, roleLabel } from '../processes/processes.ts';
import { currentRoutes, everyRoute } from '../routes/routes.ts';
import {
  answerColumns,
  coresBetween,
  createRecorder,
  type Look,
  processColumns,
  type Recorder,
  type RouteTotal,
  type Use,
} from './recorder.ts';
import { joined, type Points, sinceLastPause } from './series.ts';

const second = 1000;
const watchedTier = { everyMs: 15 * second, slots: 80 };
/** Of every app: two hours by the minute, a day by ten minutes. */
const tiers = [
  { everyMs: 60 * second, slots: 120 },
  { everyMs: 600 * second, slots: 144 },
];
/** An app is watched for this long after somebody asked. */
const watchedForMs = 60 * second;
/** A look takes no longer. */
const lookMs = 30 * second;

interface Seen {
  at: number;
  nanoseconds: number;
  memoryBytes: number;
  memoryLimitBytes: number;
  cpu?: number;
}

interface Measuring {
  recorders: Recorder[];
  watched: Recorder;
  /** App id → when somebody last asked. */
  watchers: Map<string, number>;
  /** The last look at each replica, by container. */
  seen: Map<string, Seen>;
  timer?: NodeJS.Timeout;
  /** The looks, one after another. */
  tail: Promise<unknown>;
}
const measurings = new WeakMap<Cloud, Measuring>();

function measuringOf(cloud: Cloud): Measuring {
  let measuring = measurings.get(cloud);
  if (!measuring) {
    measuring = {
      recorders: tiers.map(createRecorder),
      watched: createRecorder(watchedTier),
      watchers: new Map(),
      seen: new Map(),
      tail: Promise.resolve(),
    };
    measurings.set(cloud, measuring);
  }
  return measuring;
}

/** Looks at everything now and every minute. Returns what stops it. */
export function keepMeasuring(cloud: Cloud): () => void {
  const measuring = measuringOf(cloud);
  const due = measuring.recorders.map(() => 0);
  const look = () =>
    inTurn(cloud, measuring, async () => {
      const found = await lookAt(cloud, measuring, undefined);
      for (const [index, recorder] of measuring.recorders.entries()) {
        if (found.at < (due[index] ?? 0)) continue;
        due[index] = found.at + recorder.tier.everyMs - (tiers[0]?.everyMs ?? 0) / 2;
        recorder.record(found);
      }
    });
  const timer = setInterval(look, tiers[0]?.everyMs);
  void look();
  return () => {
    clearInterval(timer);
    clearInterval(measuring.timer);
  };
}

/** What was measured of the app in the last `sinceMs` milliseconds. From now on it is looked at more often. */
export async function appMetrics(cloud: Cloud, app: AppRow, sinceMs: number): Promise<AppMetrics> {
  const measuring = measuringOf(cloud);
  await watch(cloud, measuring, app.id);
  const now = cloud.clock.now();
  const from = now - sinceMs;
  const sources = [measuring.watched, ...measuring.recorders];
  const routes = currentRoutes(cloud, app);
  const led = new Set(routes.map(({ process }) => processKey(app.id, process)));
  const keysOf = (list: (recorder: Recorder) => string[]) => [...new Set(sources.flatMap(list))].sort();
  return {
    app: app.name,
    asOf: now,
    everyMs: watchedTier.everyMs,
    processes: keysOf((recorder) => recorder.processKeys(`${app.id}\t`)).map((key) =>
      processOf(sources, key, from, led.has(key)),
    ),
    routes: keysOf((recorder) => recorder.routeKeys(`${app.name}\t`)).map((key) =>
      routeOf(sources, key, from, routes.find((route) => routeKey(route) === key)?.process),
    ),
  };
}

/** The last measurement of a replica; empty when there is none yet. */
export function latestUse(
  cloud: Cloud,
  container: string,
): { memoryBytes?: number; memoryLimitBytes?: number; cpu?: number } {
  const seen = measuringOf(cloud).seen.get(container);
  if (!seen) return {};
  const { memoryBytes, memoryLimitBytes, cpu } = seen;
  return { memoryBytes, ...(memoryLimitBytes > 0 ? { memoryLimitBytes } : {}), ...(cpu === undefined ? {} : { cpu }) };
}

/** Somebody looks at the app: it is measured now, unless that was just done, and often for a while. */
export async function watchApp(cloud: Cloud, app: Pick<AppRow, 'id'>): Promise<void> {
  await watch(cloud, measuringOf(cloud), app.id);
}

async function watch(cloud: Cloud, measuring: Measuring, appId: string): Promise<void> {
  const fresh = !measuring.watchers.has(appId);
  measuring.watchers.set(appId, cloud.clock.now());
  const look = () =>
    inTurn(cloud, measuring, async () => {
      const now = cloud.clock.now();
      for (const [id, at] of measuring.watchers) if (now - at > watchedForMs) measuring.watchers.delete(id);
      if (measuring.watchers.size === 0 || cloud.stopping.aborted) {
        clearInterval(measuring.timer);
        delete measuring.timer;
        return;
      }
      measuring.watched.record(await lookAt(cloud, measuring, new Set(measuring.watchers.keys())));
    });
  if (!measuring.timer) measuring.timer = setInterval(look, watchedTier.everyMs).unref();
  if (fresh) await look();
}

/** Looks at the processes of some apps, or of all, and at what all routes counted. */
async function lookAt(cloud: Cloud, measuring: Measuring, apps: ReadonlySet<string> | undefined): Promise<Look> {
  const options = { signal: AbortSignal.any([AbortSignal.timeout(lookMs), cloud.stopping]) };
  const lists = await Promise.all(
    [...(apps ?? [undefined])].map((id) =>
      cloud.engine.listContainers(id === undefined ? {} : { [appLabel]: id }, options),
    ),
  );
  const containers = lists
    .flat()
    .filter(({ state, labels }) => state === 'running' && ['process', 'support'].includes(labels[roleLabel] ?? ''));
  const [stats, counters] = await Promise.all([
    cloud.engine.measure(
      containers.map(({ id }) => id),
      options,
    ),
    cloud.proxy.routeCounters(options).catch(() => undefined),
  ]);
  const at = cloud.clock.now();
  const uses: Use[] = containers.flatMap(({ id, labels }) => {
    const found = stats.get(id);
    const key = useKey(labels[appLabel], labels[roleLabel], labels[processLabel]);
    return found ? [{ container: id, key, ...found }] : [];
  });
  remember(measuring, at, uses, apps === undefined);
  return { at, uses, totals: counters && totalsOf(cloud, counters), apps };
}

/**
 * What routes counted, with the processes that they lead to: here, where the table is made. The proxy's own counters
 * would have to carry the name through every look-up that a visitor waits for.
 */
function totalsOf(cloud: Cloud, counters: readonly ProxyRouteCounter[]): RouteTotal[] {
  const processes = new Map<string, string>();
  for (const [appId, routes] of everyRoute(cloud))
    for (const route of routes) processes.set(routeKey(route), processKey(appId, route.process));
  return counters.map(({ requests, errors, latency, ...route }) => {
    const key = routeKey(route);
    return { key, process: processes.get(key), requests, errors, latency };
  });
}

function routeKey({ app, host, path }: Pick<ProxyRouteCounter, 'app' | 'host' | 'path'>): string {
  return `${app}\t${host}\t${path}`;
}

/** Of a process or support container, as a recorder knows it. */
function useKey(appId: string | undefined, role: string | undefined, name: string | undefined): string {
  return `${appId}\t${role}\t${name}`;
}

function processKey(appId: string, process: string): string {
  return useKey(appId, 'process', process);
}

function remember(measuring: Measuring, at: number, uses: readonly Use[], all: boolean): void {
  const seen: Measuring['seen'] = all ? new Map() : measuring.seen;
  for (const { container, cpuNanoseconds, memoryBytes, memoryLimitBytes } of uses) {
    const before = measuring.seen.get(container);
    const now = { at, nanoseconds: cpuNanoseconds, memoryBytes, memoryLimitBytes };
    const cpu = before && at - before.at > second ? coresBetween(before, now) : before?.cpu;
    seen.set(container, { ...now, ...(cpu === undefined ? {} : { cpu }) });
  }
  measuring.seen = seen;
}

async function inTurn(cloud: Cloud, measuring: Measuring, work: () => Promise<void>): Promise<void> {
  const done = measuring.tail.then(work).catch((error) => {
    if (!cloud.stopping.aborted) cloud.log.warn('could not measure; it is tried again', { why: toProblem(error).why });
  });
  measuring.tail = done;
  await done;
}

function unbroken({ tier }: Recorder, points: Points): Points {
  return tier === watchedTier ? sinceLastPause(points, tier.everyMs * 3) : points;
}

function processOf(sources: readonly Recorder[], key: string, from: number, led: boolean): ProcessMetrics {
  const [, kind = '', process = ''] = key.split('\t');
  const { at, values } = joined(
    sources.map((recorder) => unbroken(recorder, recorder.processes(key, from))),
    processColumns.length,
  );
  const [cpu = [], memoryBytes = [], replicas = [], limits = [], ...columns] = values;
  // One whose routes are gone keeps what they answered; of one that has routes it is said when nothing came.
  const answers = led || columns.some((list) => list.some((value) => value !== null));
  return {
    process,
    kind: kind === 'support' ? 'support' : 'process',
    replicas: replicas.at(-1) ?? 0,
    memoryLimitBytes: limits.findLast((limit) => limit !== null) ?? 0,
    at,
    cpu,
    memoryBytes,
    ...(answers ? { answers: answersOf(columns) } : {}),
  };
}

function routeOf(sources: readonly Recorder[], key: string, from: number, process: string | undefined): RouteMetrics {
  const [, host = '', path = ''] = key.split('\t');
  const { at, values } = joined(
    sources.map((recorder) => unbroken(recorder, recorder.routes(key, from))),
    answerColumns.length,
  );
  return { host, path, ...(process === undefined ? {} : { process }), at, ...answersOf(values) };
}

/** Columns in the order of `answerColumns`. */
function answersOf([requests = [], errors = [], p50 = [], p95 = [], p99 = []]: Points['values']): Answers {
  return { requests, errors, p50, p95, p99 };
}
