/** The proxy port without a proxy: keeps the table, answers look-ups by the same rules, opens no socket. */
import {
  latencyBucketsMs,
  type ProxyCounter,
  type Proxy as ProxyPort,
  type ProxyProbeAnswer,
  type ProxyRoute,
  type ProxyRouteCounter,
  type ProxyTable,
  type ProxyTarget,
} from './contract.ts';
import { type PreparedTable, prepareTable } from './table.ts';

export interface MemoryVisit {
  scheme: 'http' | 'https';
  host: string;
  path: string;
  /** Address of the target to use, however it is weighted. */
  address?: string;
}

export interface MemoryAnswer {
  /** What the proxy answers by itself; 200 stands for whatever the target says. */
  status: number;
  /** Where a 308 leads. */
  location?: string;
  /** Body of an ACME challenge. */
  text?: string;
  route?: ProxyRoute;
  target?: ProxyTarget;
}

export interface MemoryProxy extends ProxyPort {
  /** What a visitor would meet now; counts as a request. */
  handle(visit: MemoryVisit): MemoryAnswer;
  /** The table that is served: the good entries of what was applied. */
  table(): ProxyTable;
}

export interface MemoryProxyOptions {
  httpPort: number;
  httpsPort: number;
  /** What a target answers; 200 from all of them unless said otherwise, 0 for one that can't be reached. */
  answer?: (target: ProxyTarget, visit: MemoryVisit) => number;
}

/** Starts empty and not running; `ensure` starts it. */
export function createMemoryProxy(options: MemoryProxyOptions): MemoryProxy {
  const { httpPort, httpsPort, answer = () => 200 } = options;
  let running = false;
  let served: PreparedTable | undefined;
  const counters = new Map<string, ProxyCounter>();
  const routeCounters = new Map<string, ProxyRouteCounter>();
  const turns = new WeakMap<ProxyTarget, number>();

  function meet(visit: MemoryVisit): MemoryAnswer {
    const table = tableOf(served);
    const challenge = visit.scheme === 'http' && findChallenge(table, visit.path);
    if (challenge) return { status: 200, text: challenge };
    const found = findRoute(table, visit.host, visit.path);
    if (typeof found === 'number') return { status: found };
    if (visit.scheme === 'http' && found.tls === 'redirect' && hasCertificate(table, found.host)) {
      const port = httpsPort === 443 ? '' : `:${httpsPort}`;
      return { status: 308, location: `https://${visit.host}${port}${visit.path}`, route: found };
    }
    const target = visit.address === undefined ? pick(found, turns) : byAddress(found, visit.address);
    if (!target) return { status: visit.address === undefined ? 503 : 502, route: found };
    const status = answer(target, visit);
    return { status: status === 0 ? 502 : status, route: found, target };
  }

  return {
    httpPort,
    httpsPort,
    handle(visit) {
      const met = meet(visit);
      if (met.route && met.target) {
        const { app, host, path } = met.route;
        const { release } = met.target;
        count(counters, `${app} ${release}`, { ...{ app, release, upstreamMs: 0, active: 0 }, ...nothing }, met.status);
        count(routeCounters, `${app} ${host} ${path}`, { ...{ app, host, path }, ...nothing }, met.status);
      }
      return met;
    },
    table: () => structuredClone(tableOf(served)),
    async ensure() {
      running = true;
    },
    async apply(table) {
      const next = prepareTable(table, served);
      // As the proxy does it: a bad entry leaves what was there.
      for (const key of next.kept) {
        const before = served?.entries.get(key);
        if (before) next.entries.set(key, before);
      }
      served = next;
      return { refused: [...next.refused] };
    },
    async status() {
      const table = tableOf(served);
      return {
        running,
        hash: served?.hash ?? '',
        routes: table.routes.length,
        certificates: table.certificates.length,
        workers: running ? 1 : 0,
        warnings: (served?.refused ?? []).map(({ host, why }) => `${host} ${why}`),
        detail: running ? 'in memory' : 'not started',
      };
    },
    async probe({ host, path, address }): Promise<ProxyProbeAnswer> {
      const scheme = hasCertificate(tableOf(served), host) ? 'https' : 'http';
      const met = meet({ scheme, host, path, ...(address !== undefined && { address }) });
      const reached = met.target !== undefined && answer(met.target, { scheme, host, path }) !== 0;
      return { status: met.status, address: met.target?.address ?? '', fromProxy: !reached, error: '' };
    },
    async counters() {
      return structuredClone([...counters.values()]);
    },
    async routeCounters() {
      return structuredClone([...routeCounters.values()]);
    },
    async remove() {
      running = false;
      served = undefined;
      counters.clear();
      routeCounters.clear();
    },
  };
}

function tableOf(prepared: PreparedTable | undefined): ProxyTable {
  const table: ProxyTable = { routes: [], certificates: [], challenges: [] };
  for (const { item } of prepared?.entries.values() ?? []) {
    if (item.kind === 'route') table.routes.push(item.value);
    else if (item.kind === 'certificate') table.certificates.push(item.value);
    else table.challenges.push(item.value);
  }
  return table;
}

function wildcardOf(host: string): string {
  return host.replace(/^[^.]*/, '*');
}

function findRoute(table: ProxyTable, host: string, path: string): ProxyRoute | 421 | 404 {
  for (const name of [host, wildcardOf(host)]) {
    const routes = table.routes.filter((route) => route.host === name);
    if (routes.length === 0) continue;
    const under = routes.filter(
      (route) => route.path === '/' || path === route.path || path.startsWith(`${route.path}/`),
    );
    return under.sort((a, b) => b.path.length - a.path.length)[0] ?? 404;
  }
  return 421;
}

function findChallenge(table: ProxyTable, path: string): string | undefined {
  const token = /^\/\.well-known\/acme-challenge\/([A-Za-z0-9_-]+)$/.exec(path)?.[1];
  return table.challenges.find((challenge) => challenge.token === token)?.keyAuthorization;
}

function hasCertificate(table: ProxyTable, host: string): boolean {
  return table.certificates.some((certificate) => [host, wildcardOf(host)].includes(certificate.host));
}

function byAddress(route: ProxyRoute, address: string): ProxyTarget | undefined {
  return route.targets.find((target) => target.address === address);
}

/** Smooth weighted round robin. */
function pick(route: ProxyRoute, turns: WeakMap<ProxyTarget, number>): ProxyTarget | undefined {
  const targets = route.targets.filter((target) => target.weight > 0);
  const total = targets.reduce((sum, target) => sum + target.weight, 0);
  let best: ProxyTarget | undefined;
  for (const target of targets) {
    turns.set(target, (turns.get(target) ?? 0) + target.weight);
    if (!best || (turns.get(target) ?? 0) > (turns.get(best) ?? 0)) best = target;
  }
  if (best) turns.set(best, (turns.get(best) ?? 0) - total);
  return best;
}

const nothing = { requests: 0, errors: 0, latency: Array.from({ length: latencyBucketsMs.length + 1 }, () => 0) };

function count<Counter extends Pick<ProxyCounter, 'requests' | 'errors' | 'latency'>>(
  counters: Map<string, Counter>,
  key: string,
  fresh: Counter,
  status: number,
): void {
  const counter = counters.get(key) ?? { ...fresh, latency: [...fresh.latency] };
  counter.requests += 1;
  if (status === 0 || status >= 500) counter.errors += 1;
  counter.latency[0] = (counter.latency[0] ?? 0) + 1;
  counters.set(key, counter);
}
