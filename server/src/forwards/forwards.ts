/**
 * Port-forwards: connections of a client to ports in an app's own network. To that app's replicas, its support
 * containers and the services that it is bound to; never to the host, another app or an address that somebody names.
 */
import type { Duplex } from 'node:stream';
import {
  type ForwardCredentials,
  type ForwardReply,
  type ForwardTarget,
  forwardRequestSchema,
} from 'minicloud-shared/model/forward';
import { ProblemError, toProblem } from 'minicloud-shared/model/problem';
import { type AppRow, networkName } from '../apps/apps.ts';
import type { Cloud, Principal } from '../context.ts';
import { createLimits, type Limits, type Wire, watchIdle } from '../platform/wire.ts';
import { processLabel, replicaLabel, roleLabel, runningReplicas } from '../processes/processes.ts';
import { findRelease, resolvedOf } from '../releases/releases.ts';
import { bindingUrl, boundServices } from '../services/services.ts';

export interface ForwardInput {
  target: string;
  kind?: ForwardTarget['kind'] | undefined;
  port: number;
  replica?: number | undefined;
}

/** What was allowed and found, to be connected when the client's socket is there. */
export interface ForwardGrant {
  app: Pick<AppRow, 'id' | 'name'>;
  target: string;
  container: string;
  network: string;
  port: number;
}

const mostOpen = { each: 200, all: 1000 };
/** Pools of database drivers keep connections for long; one that nobody used for this long is forgotten. */
const idleMs = 2 * 3_600_000;
const connectMs = 10_000;
/** A forward is told as closed when its last connection has been gone for this long. */
const closedAfterMs = 30_000;

const urlForms: Record<string, string> = {
  mariadb: 'mysql://127.0.0.1:{port}/',
  postgres: 'postgresql://127.0.0.1:{port}/',
  redis: 'redis://127.0.0.1:{port}/',
  rabbitmq: 'amqp://127.0.0.1:{port}/',
};
const httpForm = 'http://127.0.0.1:{port}/';
const anyForm = '127.0.0.1:{port}';

/** Everything of the app that can be forwarded. */
export async function forwardTargets(cloud: Cloud, app: AppRow): Promise<ForwardTarget[]> {
  const release = app.serving === null ? undefined : await findRelease(cloud.db, app.id, app.serving);
  const manifest = release && resolvedOf(release).manifest;
  const running = await runningReplicas(cloud, app);
  const processes = (manifest?.processes ?? []).map(({ name }): ForwardTarget => {
    const exposed = manifest?.expose.filter((expose) => expose.process === name && expose.proto !== 'udp') ?? [];
    const ports = [...new Map(exposed.map((expose) => [expose.port, expose.proto])).entries()];
    return {
      target: name,
      kind: 'process',
      replicas: running
        .filter(({ labels }) => labels[roleLabel] === 'process' && labels[processLabel] === name)
        .map(({ labels }) => Number(labels[replicaLabel])),
      ports: ports.map(([port, proto]) => ({ port, urlTemplate: proto === 'http' ? httpForm : anyForm })),
    };
  });
  const support = (manifest?.support ?? []).map(
    ({ name }): ForwardTarget => ({ target: name, kind: 'support', replicas: [], ports: [] }),
  );
  const services = (await boundServices(cloud, app)).map(
    ({ service, env, port }): ForwardTarget => ({
      target: service,
      kind: 'service',
      replicas: [],
      ports: [{ port, urlTemplate: urlForms[service] ?? anyForm }],
      env,
    }),
  );
  return [...processes, ...support, ...services];
}

/** Finds the container. Throws when the target is none of the app's, does not run, or too many connections are open. */
export async function prepareForward(cloud: Cloud, app: AppRow, input: ForwardInput): Promise<ForwardGrant> {
  if (!limitsOf(cloud).hasRoom(app.id)) throw tooMany(app);
  const { target, kind, port, replica } = input;
  const grant = { app: { id: app.id, name: app.name }, target, network: networkName(app), port };
  const running = await runningReplicas(cloud, app);
  const container = running.find(
    ({ labels }) =>
      labels[processLabel] === target &&
      (kind === undefined || labels[roleLabel] === kind) &&
      (replica === undefined || Number(labels[replicaLabel]) === replica),
  );
  if (container) return { ...grant, container: container.id };
  const services = await boundServices(cloud, app);
  const service =
    kind === undefined || kind === 'service' ? services.find((known) => known.service === target) : undefined;
  if (service?.port === port) return { ...grant, container: service.container };
  const names = running.map(({ labels }) => labels[processLabel] ?? '');
  const known = [...new Set(names), ...services.map((each) => `${each.service}:${each.port}`)];
  throw new ProblemError({
    code: 'not_found',
    what: 'There is nothing to forward to',
    object: `${target}:${port} of ${app.name}`,
    why: known.length > 0 ? `What runs is ${known.join(', ')}.` : 'No container of this app runs.',
    still: 'Nothing was changed.',
    remedy: 'Choose one of the app’s own processes, support containers or services.',
  });
}

/** Carries bytes both ways until both sides have ended, the client goes, or nothing happens for two hours. */
export async function runForward(cloud: Cloud, by: string, grant: ForwardGrant, wire: Wire): Promise<void> {
  const slots = limitsOf(cloud);
  if (!slots.enter(grant.app.id)) return tell(wire, { type: 'problem', problem: tooMany(grant.app).problem });
  let socket: Duplex | undefined;
  const end = () => {
    socket?.destroy();
  };
  const idle = watchIdle(idleMs, end);
  try {
    const signal = AbortSignal.any([wire.signal, cloud.stopping, AbortSignal.timeout(connectMs)]);
    socket = await cloud.engine.connect(grant.container, grant.network, grant.port, { signal });
    for (const over of [wire.signal, cloud.stopping]) over.addEventListener('abort', end, { once: true });
    if (wire.signal.aborted || cloud.stopping.aborted) return end();
    await opened(cloud, by, grant);
    await tell(wire, { type: 'connected' });
    await carry(socket, wire, idle.touch);
  } catch (error) {
    await tell(wire, { type: 'problem', problem: toProblem(error) });
  } finally {
    idle.stop();
    end();
    cloud.stopping.removeEventListener('abort', end);
    slots.leave(grant.app.id);
    if (socket) closed(cloud, by, grant);
  }
}

/**
 * The app's own URL of a service with the address of a forward in it. It holds the app's password, which is why asking
 * is an event of its own.
 */
export async function forwardCredentials(
  cloud: Cloud,
  by: Principal,
  app: AppRow,
  input: { env?: string | undefined; localPort: number },
): Promise<ForwardCredentials> {
  const services = await boundServices(cloud, app);
  const service = input.env === undefined ? services[0] : services.find(({ env }) => env === input.env);
  const url = service && (await bindingUrl(cloud, app, service.env));
  if (!service || url === undefined) {
    throw new ProblemError({
      code: 'not_found',
      what: 'There are no such credentials',
      object: `${input.env ?? 'services'} of ${app.name}`,
      why:
        services.length > 0
          ? `It has ${services.map(({ env }) => env).join(', ')}.`
          : 'The app is bound to no service.',
      still: 'Nothing was changed.',
      remedy: 'Ask for one of its variables, or write what it needs into `needs:` and deploy.',
    });
  }
  const body = { kind: 'forward.changed' as const, state: 'credentials' as const };
  await cloud.events.append({
    by: by.name,
    app: app.name,
    body: { ...body, target: service.service, port: service.port },
  });
  const local = new URL(url);
  local.hostname = '127.0.0.1';
  local.port = String(input.localPort);
  return { env: service.env, url: local.href };
}

async function carry(socket: Duplex, wire: Wire, touch: () => void): Promise<void> {
  const down = (async () => {
    for await (const data of socket as AsyncIterable<Buffer>) {
      touch();
      await wire.send(data);
    }
    await tell(wire, { type: 'end' });
  })();
  const up = (async () => {
    for await (const message of wire.messages) {
      touch();
      if ('bytes' in message) await write(socket, message.bytes);
      else if (isEnd(message.text)) socket.end();
    }
    // The client went: whatever the app still has to say, nobody hears it.
    socket.destroy();
  })();
  // A side that breaks off ends both.
  up.catch(() => socket.destroy());
  await down;
}

/** Resolves when it was taken, so that an app that does not read holds the client back. */
function write(socket: Duplex, data: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(data, (error) => (error ? reject(error) : resolve()));
  });
}

function isEnd(text: string): boolean {
  try {
    return forwardRequestSchema.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

async function tell(wire: Wire, reply: ForwardReply): Promise<void> {
  await wire.tell(reply);
}

const limits = new WeakMap<Cloud, Limits>();
function limitsOf(cloud: Cloud): Limits {
  const known = limits.get(cloud) ?? createLimits(mostOpen);
  limits.set(cloud, known);
  return known;
}

/** A browser opens dozens of connections: the event log tells of the forward, not of each. */
interface Told {
  open: number;
  connections: number;
  timer?: NodeJS.Timeout;
}
const told = new WeakMap<Cloud, Map<string, Told>>();

async function opened(cloud: Cloud, by: string, grant: ForwardGrant): Promise<void> {
  const all = told.get(cloud) ?? new Map<string, Told>();
  told.set(cloud, all);
  const key = keyOf(by, grant);
  const known = all.get(key);
  clearTimeout(known?.timer);
  all.set(key, { open: (known?.open ?? 0) + 1, connections: (known?.connections ?? 0) + 1 });
  if (!known) await record(cloud, by, grant, { state: 'opened' });
}

function closed(cloud: Cloud, by: string, grant: ForwardGrant): void {
  const all = told.get(cloud);
  const known = all?.get(keyOf(by, grant));
  if (!all || !known) return;
  known.open -= 1;
  if (known.open > 0) return;
  known.timer = setTimeout(() => {
    all.delete(keyOf(by, grant));
    if (cloud.stopping.aborted) return;
    record(cloud, by, grant, { state: 'closed', connections: known.connections }).catch((error) =>
      cloud.log.warn('an event could not be recorded', { why: toProblem(error).why }),
    );
  }, closedAfterMs).unref();
}

async function record(
  cloud: Cloud,
  by: string,
  { app, target, port }: ForwardGrant,
  what: { state: 'opened' | 'closed'; connections?: number },
): Promise<void> {
  await cloud.events.append({ by, app: app.name, body: { kind: 'forward.changed', ...what, target, port } });
}

function keyOf(by: string, { app, target, port }: ForwardGrant): string {
  return `${by}\t${app.id}\t${target}\t${port}`;
}

function tooMany(app: Pick<AppRow, 'name'>): ProblemError {
  return new ProblemError({
    code: 'busy',
    what: 'Too many connections are forwarded',
    object: `app ${app.name}`,
    why: `At most ${mostOpen.each} of an app and ${mostOpen.all} of the server may be open at once.`,
    still: 'Those that are open go on.',
    remedy: 'Close some, then try again.',
  });
}
