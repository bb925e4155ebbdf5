/** Health: asked from outside the container, so that no image needs curl, and told with what was answered. */
import { connect } from 'node:net';
import type { Healthcheck } from 'minicloud-shared/manifest/model';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { ContainerInfo } from '../adapters/engine/contract.ts';
import type { AppRow } from '../apps/apps.ts';
import { networkName } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import { askHttp } from '../platform/ask-http.ts';
import { poll, sleep } from '../platform/wait.ts';
import { exitReason } from '../processes/processes.ts';

/** Between questions: a tenth of what was waited already, so that little is added to it, within these bounds. */
const leastPauseMs = 5;
const mostPauseMs = 500;
const evidenceLines = 50;
const endsAgainMs = 3000;
const bodyLimit = 400;

export interface Wanted {
  /** `web.2`. */
  key: string;
  containerId: string;
  health?: Healthcheck;
}

/**
 * Resolves when the replica is ready. Throws `container_exited` with exit code and last log lines, or `health_failed`
 * with the answer of the last check, when it is not within grace + retries × interval.
 */
export async function awaitHealthy(cloud: Cloud, app: AppRow, wanted: Wanted, signal: AbortSignal): Promise<void> {
  // Where the companion can't reach containers, staying up is all that can be seen from here.
  const check = cloud.engine.capabilities.reachableAddresses ? wanted.health : undefined;
  const started = performance.now();
  const deadline = started + (check ? check.graceMs + check.retries * check.intervalMs : cloud.health.steadyMs);
  let answer = 'it was not asked yet';
  for (;;) {
    const container = await cloud.engine.inspectContainer(wanted.containerId, { signal });
    if (!container || hasEnded(container)) throw await exited(cloud, app, wanted, container);
    if (check) {
      const address = container.addresses[networkName(app)];
      const result = address
        ? await cloud.health.ask(address, check, signal)
        : { ok: false, answer: 'it has no address' };
      if (result.ok) return;
      answer = result.answer;
    } else if (performance.now() - started >= cloud.health.steadyMs) return;
    if (performance.now() >= deadline && check) throw await unhealthy(cloud, app, wanted, check, answer);
    const waited = performance.now() - started;
    await sleep(Math.max(leastPauseMs, Math.min(waited / 10, check?.intervalMs ?? 250, mostPauseMs)), signal);
  }
}

/** One question over the network: status 200 to 399 for a path, an accepted connection without one. */
export async function askReplica(
  address: string,
  check: Healthcheck,
  signal: AbortSignal,
): Promise<{ ok: boolean; answer: string }> {
  try {
    if (check.path === undefined) {
      await tcpConnect(address, check.port, check.timeoutMs, signal);
      return { ok: true, answer: 'connected' };
    }
    const { status, text } = await askHttp({
      to: { host: address, port: check.port },
      path: check.path,
      signal: AbortSignal.any([signal, AbortSignal.timeout(check.timeoutMs)]),
      headers: { host: 'localhost', 'user-agent': 'minicloud-health' },
      mostBytes: bodyLimit,
    });
    return { ok: status >= 200 && status < 400, answer: `GET ${check.path} answered ${status} ${text}`.trim() };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const subject = check.path === undefined ? `port ${check.port}` : `GET ${check.path} on port ${check.port}`;
    return { ok: false, answer: `${subject}: ${words(error)}` };
  }
}

function tcpConnect(host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    socket.once('error', reject);
  });
}

/** One that was started again has no exit code until it ends again, which it does soon. */
async function withExitCode(cloud: Cloud, seen: ContainerInfo | undefined): Promise<ContainerInfo | undefined> {
  const told = (container: ContainerInfo) => container.exitCode !== undefined || container.oomKilled || container.error;
  if (!seen || told(seen)) return seen;
  const later = await poll(
    async () => {
      const container = await cloud.engine.inspectContainer(seen.id);
      return !container || told(container) ? { container } : undefined;
    },
    { firstMs: 20, mostMs: 100, deadlineMs: endsAgainMs },
  );
  return later ? later.container : seen;
}

/** The restart policy starts a container again and again; a restart is an end all the same. */
function hasEnded(container: ContainerInfo): boolean {
  return (
    container.state === 'exited' ||
    container.state === 'dead' ||
    container.state === 'restarting' ||
    container.restarts > 0
  );
}

async function exited(
  cloud: Cloud,
  app: AppRow,
  wanted: Wanted,
  seen: ContainerInfo | undefined,
): Promise<ProblemError> {
  const container = await withExitCode(cloud, seen);
  const reason = container ? exitReason(container) : 'it is gone';
  return new ProblemError({
    code: 'container_exited',
    what: 'The new release ended instead of serving',
    object: `${wanted.key} of ${app.name}`,
    why: container?.oomKilled
      ? 'It was ended by the kernel: out of memory.'
      : (container?.error ?? `It ended: ${reason}.`),
    remedy: exitRemedy(container),
    evidence: await lastLines(cloud, app, wanted.containerId),
  });
}

function exitRemedy(container: ContainerInfo | undefined): string {
  if (container?.oomKilled) return 'Give it more memory with `resources: { memory: … }`, or let it need less.';
  return container?.remedy ?? 'Read its last log lines below, mend the image or its variables, and deploy again.';
}

async function unhealthy(
  cloud: Cloud,
  app: AppRow,
  wanted: Wanted,
  check: Healthcheck,
  answer: string,
): Promise<ProblemError> {
  const refused = answer.includes('refused');
  return new ProblemError({
    code: 'health_failed',
    what: 'The new release runs but did not become healthy in time',
    object: `${wanted.key} of ${app.name}`,
    why: `${answer} (asked for ${Math.round((check.graceMs + check.retries * check.intervalMs) / 1000)} s).`,
    remedy: refused
      ? `Let it listen on 0.0.0.0:${check.port}, not on 127.0.0.1, or correct the port in the manifest.`
      : 'Mend what the health check asks for, or correct `healthcheck` in the manifest.',
    evidence: await lastLines(cloud, app, wanted.containerId),
  });
}

/** The last lines of a container, redacted. */
export async function lastLines(cloud: Cloud, app: AppRow, containerId: string): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const line of cloud.engine.logs(containerId, { tail: evidenceLines }))
      lines.push(cloud.redactor.of(app.name).redact(line.text));
  } catch (error) {
    lines.push(`(its log could not be read: ${words(error)})`);
  }
  return lines;
}

function words(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known: Record<string, string> = {
    ECONNREFUSED: 'connection refused: nothing listens there',
    EHOSTUNREACH: 'host unreachable',
    // Node's word for a connection that was ended as well as for one that was reset.
    EPIPE: 'the connection was closed without an answer',
    ECONNRESET: 'the connection was closed without an answer',
  };
  return known[code] ?? (error.name === 'TimeoutError' ? 'no answer in time' : error.message);
}
