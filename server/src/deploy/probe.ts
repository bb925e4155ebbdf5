/** Probes through the proxy: a release is current when every replica of it answered there, not before. */
import { ProblemError } from 'minicloud-shared/model/problem';
import type { ProxyProbeAnswer } from '../adapters/proxy/contract.ts';
import { poll, sleep } from '../platform/wait.ts';
import { currentRoutes } from '../routes/routes.ts';
import type { Run } from './execute.ts';

const probeTimeoutMs = 5000;
const answersWithinMs = 10_000;
const probeEveryMs = 20;

/** Asks every replica of the new release through the proxy. Throws `proxy_failed` with the answer of the one that did not. */
export async function probeReplicas(run: Run, detail: (text: string) => void): Promise<void> {
  const { cloud, desired } = run;
  const asked = new Set<string>();
  for (const route of currentRoutes(cloud, run.app)) {
    for (const target of route.targets) {
      if (asked.has(target.address)) continue;
      asked.add(target.address);
      detail(`${route.host} → ${target.address}`);
      const probe = {
        host: route.host,
        path: probePath(run, route.path, target.address),
        address: target.address,
        timeoutMs: probeTimeoutMs,
      };
      let last = 'no answer';
      const answered = await poll(
        async () => {
          const answer = await cloud.proxy.probe(probe, { signal: run.operation.signal });
          run.probes.sent += 1;
          last = answer.error || `status ${answer.status}${answer.fromProxy ? ' from the proxy itself' : ''}`;
          if (isAnswered(answer)) return answer;
          run.probes.failed += 1;
          return undefined;
        },
        { firstMs: 20, mostMs: 500, deadlineMs: answersWithinMs, signal: run.operation.signal },
      );
      if (!answered) throw notThroughProxy(run, route.host, last);
      if (run.switchedAt !== undefined) run.switchMs ??= Math.round(performance.now() - run.switchedAt);
    }
  }
  if (asked.size === 0 && desired.domains.length > 0)
    throw notThroughProxy(run, desired.domains[0] ?? '', 'no route has a target');
}

export interface Prober {
  stop(): void;
}

/** Sends a request through the proxy every few milliseconds, as a visitor would, and counts what fails, until stopped. */
export function startProber(run: Run): Prober {
  const { cloud, probes } = run;
  const route = currentRoutes(cloud, run.app)[0];
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, run.operation.signal]);
  const loop = async () => {
    if (!route) return;
    while (!signal.aborted) {
      const answer = await cloud.proxy.probe(
        { host: route.host, path: probePath(run, route.path, undefined), timeoutMs: probeTimeoutMs },
        { signal },
      );
      if (signal.aborted) break;
      probes.sent += 1;
      if (!isAnswered(answer)) probes.failed += 1;
      await sleep(probeEveryMs, signal);
    }
  };
  void loop().catch(() => {});
  return { stop: () => stop.abort() };
}

/** The app answered, whatever it said: a visitor met neither silence nor an error of the proxy. */
function isAnswered(answer: ProxyProbeAnswer): boolean {
  return answer.status > 0 && !answer.fromProxy;
}

/** The health check's path when the route leads to it, else the route's own. */
function probePath(run: Run, routePath: string, address: string | undefined): string {
  const check = run.desired.manifest.healthcheck;
  const sameport = address === undefined || address.endsWith(`:${check?.port}`);
  return check?.path !== undefined && sameport && check.path.startsWith(routePath) ? check.path : routePath;
}

function notThroughProxy(run: Run, host: string, last: string): ProblemError {
  return new ProblemError({
    code: 'proxy_failed',
    what: 'The new release is healthy but does not answer through the proxy',
    object: `${host} of ${run.app.name}`,
    why: last,
    remedy: 'See `minicloud status` for the proxy; deploy again when it is well.',
  });
}
