/** One tier of measurements: what is used and asked between two looks at counters that only rise. */
import { latencyBucketsMs } from '../adapters/proxy/contract.ts';
import { quantile } from './quantile.ts';
import { createRings, type Points, type Tier } from './series.ts';

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

/** A route's totals. */
export interface RouteTotal {
  /** `<app>\t<host>\t<path>`. */
  key: string;
  requests: number;
  errors: number;
  latency: readonly number[];
}

export const processColumns = ['cpu', 'memoryBytes', 'replicas', 'memoryLimitBytes'] as const;
export const routeColumns = ['requests', 'errors', 'p50', 'p95', 'p99'] as const;

export interface Recorder {
  readonly tier: Tier;
  record(at: number, uses: readonly Use[], totals: readonly RouteTotal[]): void;
  processes(key: string, since: number): Points;
  routes(key: string, since: number): Points;
  processKeys(prefix: string): string[];
  routeKeys(prefix: string): string[];
}

export function createRecorder(tier: Tier): Recorder {
  const processes = createRings(tier, processColumns.length);
  const routes = createRings(tier, routeColumns.length);
  let cpuBefore = new Map<string, { at: number; nanoseconds: number }>();
  let totalsBefore: { at: number; byKey: Map<string, RouteTotal> } | undefined;

  return {
    tier,
    record(at, uses, totals) {
      processes.tick(at);
      routes.tick(at);
      const cpuNow: typeof cpuBefore = new Map();
      for (const [key, replicas] of Map.groupBy(uses, (use) => use.key)) {
        let cores = 0;
        let known = 0;
        for (const { container, cpuNanoseconds } of replicas) {
          const before = cpuBefore.get(container);
          cpuNow.set(container, { at, nanoseconds: cpuNanoseconds });
          if (!before) continue;
          known += 1;
          cores += coresBetween(before, { at, nanoseconds: cpuNanoseconds });
        }
        processes.set(key, [
          known === 0 ? Number.NaN : cores,
          sum(replicas, 'memoryBytes'),
          replicas.length,
          sum(replicas, 'memoryLimitBytes'),
        ]);
      }
      cpuBefore = cpuNow;
      const before = totalsBefore;
      totalsBefore = { at, byKey: new Map(totals.map((total) => [total.key, total])) };
      if (!before) return;
      const seconds = Math.max(1, at - before.at) / 1000;
      for (const total of totals) {
        const { requests, errors, latency } = since(total, before.byKey.get(total.key));
        const quantiles = [0.5, 0.95, 0.99].map((q) => quantile(latency, latencyBucketsMs, q));
        routes.set(total.key, [requests / seconds, errors / seconds, ...quantiles]);
      }
    },
    processes: processes.read,
    routes: routes.read,
    processKeys: processes.keys,
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
function since(now: RouteTotal, before: RouteTotal | undefined): Omit<RouteTotal, 'key'> {
  if (!before || before.requests > now.requests) return now;
  return {
    requests: now.requests - before.requests,
    errors: Math.max(0, now.errors - before.errors),
    latency: now.latency.map((count, index) => Math.max(0, count - (before.latency[index] ?? 0))),
  };
}

function sum(uses: readonly Use[], field: 'memoryBytes' | 'memoryLimitBytes'): number {
  return uses.reduce((total, use) => total + use[field], 0);
}
