/** One tier of measurements: what is used and asked between two looks at counters that only rise. */
import { latencyBucketsMs } from '../adapters/proxy/contract.ts';
import { quantile } from './quantile.ts';
import { beside, createRings, type Points, type Tier } from './series.ts';

/** A replica as it was measured. */
export interface Use {
  container: string;
  /** `<app id>\t<kind>\t<process>`. */
  key: string;
  memoryBytes: number;
  memoryLimitBytes: number;
  /** Since it was started. */
  cpuNanoseconds: number;
}

/** What a counter of the proxy holds. */
interface Counted {
  requests: number;
  errors: number;
  latency: readonly number[];
}

/** A route's totals. */
export interface RouteTotal extends Counted {
  /** `<app>\t<host>\t<path>`. */
  key: string;
  /** The process that it leads to now, by its key as in `Use`; absent when no release that serves has the route. */
  process?: string | undefined;
}

export interface Look {
  at: number;
  uses: readonly Use[];
  /** Absent when the proxy did not tell them; the next look then tells of the time since the one before. */
  totals?: readonly RouteTotal[] | undefined;
  /** Ids of the apps whose processes were looked at; absent when all were. */
  apps?: ReadonlySet<string> | undefined;
}

const useColumns = ['cpu', 'memoryBytes', 'replicas', 'memoryLimitBytes'] as const;
export const answerColumns = ['requests', 'errors', 'p50', 'p95', 'p99'] as const;
export const processColumns = [...useColumns, ...answerColumns] as const;

export interface Recorder {
  readonly tier: Tier;
  record(look: Look): void;
  processes(key: string, since: number): Points;
  routes(key: string, since: number): Points;
  processKeys(prefix: string): string[];
  routeKeys(prefix: string): string[];
}

export function createRecorder(tier: Tier): Recorder {
  const uses = createRings(tier, useColumns.length);
  // Beside the uses, not in their rings: most processes have no route, and would keep room for it all the same.
  const answers = createRings(tier, answerColumns.length);
  const routes = createRings(tier, answerColumns.length);
  let cpuBefore = new Map<string, { at: number; nanoseconds: number }>();
  let totalsBefore: { at: number; byKey: Map<string, RouteTotal> } | undefined;

  function recordUses({ at, uses: found }: Look): void {
    const cpuNow: typeof cpuBefore = new Map();
    for (const [key, replicas] of Map.groupBy(found, (use) => use.key)) {
      let cores = 0;
      let known = 0;
      for (const { container, cpuNanoseconds } of replicas) {
        const before = cpuBefore.get(container);
        cpuNow.set(container, { at, nanoseconds: cpuNanoseconds });
        if (!before) continue;
        known += 1;
        cores += coresBetween(before, { at, nanoseconds: cpuNanoseconds });
      }
      uses.set(key, [
        known === 0 ? Number.NaN : cores,
        sum(replicas, 'memoryBytes'),
        replicas.length,
        sum(replicas, 'memoryLimitBytes'),
      ]);
    }
    cpuBefore = cpuNow;
  }

  function recordAnswers(at: number, totals: readonly RouteTotal[], apps: Look['apps']): void {
    const before = totalsBefore;
    totalsBefore = { at, byKey: new Map(totals.map((total) => [total.key, total])) };
    if (!before) return;
    const seconds = Math.max(1, at - before.at) / 1000;
    const byProcess = new Map<string, Counted>();
    for (const total of totals) {
      const last = before.byKey.get(total.key);
      const counted = since(total, last);
      routes.set(total.key, figures(counted, seconds));
      // Of a route that has just gone, the last requests were still its process's.
      const process = total.process ?? last?.process;
      // A finer line of the answers alone would hide the coarser one of the uses: of one process both are kept or none.
      if (process === undefined || apps?.has(appOf(process)) === false) continue;
      byProcess.set(process, together(byProcess.get(process), counted));
    }
    for (const [process, counted] of byProcess) answers.set(process, figures(counted, seconds));
  }

  return {
    tier,
    record(look) {
      for (const rings of [uses, answers, routes]) rings.tick(look.at);
      recordUses(look);
      if (look.totals) recordAnswers(look.at, look.totals, look.apps);
    },
    processes: (key, from) => beside(uses.read(key, from), answers.read(key, from)),
    routes: routes.read,
    processKeys: (prefix) => [...new Set([...uses.keys(prefix), ...answers.keys(prefix)])],
    routeKeys: routes.keys,
  };
}

/** Cores in use between two looks at a counter; one that began anew counts from nothing. */
export function coresBetween(
  before: { at: number; nanoseconds: number },
  now: { at: number; nanoseconds: number },
): number {
  const used = now.nanoseconds >= before.nanoseconds ? now.nanoseconds - before.nanoseconds : now.nanoseconds;
  return used / 1e6 / Math.max(1, now.at - before.at);
}

/** What came since; a proxy that was started anew counts from nothing. */
function since(now: Counted, before: Counted | undefined): Counted {
  if (!before || before.requests > now.requests) return now;
  return {
    requests: now.requests - before.requests,
    errors: Math.max(0, now.errors - before.errors),
    latency: now.latency.map((count, index) => Math.max(0, count - (before.latency[index] ?? 0))),
  };
}

/** What came to two routes as if it had come to one. Histograms add up; their quantiles do not. */
function together(a: Counted | undefined, b: Counted): Counted {
  if (!a) return b;
  return {
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    latency: b.latency.map((count, index) => count + (a.latency[index] ?? 0)),
  };
}

/** The values of `answerColumns`. */
function figures({ requests, errors, latency }: Counted, seconds: number): number[] {
  const quantiles = [0.5, 0.95, 0.99].map((q) => quantile(latency, latencyBucketsMs, q));
  return [requests / seconds, errors / seconds, ...quantiles];
}

function appOf(processKey: string): string {
  return processKey.slice(0, processKey.indexOf('\t'));
}

function sum(uses: readonly Use[], field: 'memoryBytes' | 'memoryLimitBytes'): number {
  return uses.reduce((total, use) => total + use[field], 0);
}
