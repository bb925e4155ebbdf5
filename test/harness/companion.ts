/**
 * A companion of its own for one test file: a process with its own home, ports and networks on the test engine, that
 * can be stopped, killed and started again, and everything of which is removed at the end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { EventSource } from 'eventsource';
import type { AppRouter } from 'minicloud-server/router';
import { createClient } from 'minicloud-shared/client/client';
import type { Operation } from 'minicloud-shared/model/operation';
import { Agent, type Dispatcher, request } from 'undici';
import type { Engine } from '../../server/src/adapters/engine/contract.ts';
import { createDockerEngine } from '../../server/src/adapters/engine/docker.ts';
import { createIptablesFirewall } from '../../server/src/adapters/firewall/iptables.ts';
import type { Ready } from '../../server/src/ready.ts';

export type Client = ReturnType<typeof createClient<AppRouter>>;

export interface LabOptions {
  engine?: 'docker' | 'memory';
  /** `MINICLOUD_CRASHPOINT` of the first start. */
  crashpoint?: string;
  settings?: string[];
  /** Folder to use as home; a new one when not given. */
  home?: string;
  /** Program to start instead of the sources, such as the bundle. */
  entry?: string;
  env?: Record<string, string>;
  /** Third number of the pool 10.216.N.0/18, so that labs that live at the same time don't meet: 0, 64, 128 or 192. */
  block?: number;
}

export interface Lab {
  home: string;
  ready: Ready;
  client: Client;
  /** On the lab's installation; not for memory labs. */
  engine: Engine;
  httpPort: number;
  httpsPort: number;
  /** Everything that the companion wrote, over all its starts. */
  log(): string;
  process(): ChildProcess;
  /** Through the proxy, as a browser that trusts the local authority. */
  get(
    host: string,
    at?: string,
    init?: { method?: string; body?: string; headers?: Record<string, string>; plain?: boolean },
  ): Promise<Answer>;
  /** Starts the deploy and waits for its end. */
  deploy(manifest: string, image?: string): Promise<Operation>;
  finished(operationId: string): Promise<Operation>;
  stop(signal?: NodeJS.Signals): Promise<void>;
  start(more?: { crashpoint?: string; env?: Record<string, string>; unready?: boolean }): Promise<void>;
  /** Resolves when the process has ended by itself. */
  ended(): Promise<void>;
  /** The companion's database, read by another connection. */
  rows<Row>(sql: string): Row[];
  remove(): Promise<void>;
}

export interface Answer {
  status: number;
  headers: Dispatcher.ResponseData['headers'];
  text: string;
}

const root = path.resolve(import.meta.dirname, '../..');
const readyWithinMs = 120_000;
const operationWithinMs = 240_000;

export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const home = options.home ?? (await mkdtemp(path.join(tmpdir(), 'minicloud-lab-')));
  const [apiPort, httpPort, httpsPort] = await freePorts(3);
  const readyFile = path.join(home, 'ready.json');
  const kind = options.engine ?? 'docker';
  let output = '';
  let child: ChildProcess | undefined;
  let ready: Ready | undefined;
  let closed: Promise<void> = Promise.resolve();
  let agent: Agent | undefined;

  const start: Lab['start'] = async (more = {}) => {
    // Left there: the administrator's token in it is kept over starts, as for anybody who has added the server.
    const before = await writtenAt(readyFile);
    const settings = {
      home,
      engine: kind,
      'api-port': String(apiPort),
      'http-port': String(httpPort),
      'https-port': String(httpsPort),
      'network-pool': `10.216.${options.block ?? 0}.0/18`,
      images: 'build',
      'drain-ms': '5000',
      ready: readyFile,
      ...(kind === 'docker' ? { 'engine-socket': requireEnv('MINICLOUD_TEST_DOCKER') } : {}),
    };
    const args = Object.entries(settings).flatMap(([flag, value]) => [`--${flag}`, value]);
    const started = spawn(
      process.execPath,
      [options.entry ?? path.join(root, 'server/src/main.ts'), 'serve', ...args, ...(options.settings ?? [])],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          ...options.env,
          ...more.env,
          ...(more.crashpoint === undefined ? {} : { MINICLOUD_CRASHPOINT: more.crashpoint }),
        },
      },
    );
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    closed = new Promise((resolve) => started.on('close', () => resolve()));
    if (more.unready) return;
    ready = await waitForReady(readyFile, before, started, () => output);
    await agent?.close();
    agent = new Agent({
      connect: {
        ca: ready.caCertificate,
        lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
      },
    });
  };
  const stop: Lab['stop'] = async (signal = 'SIGTERM') => {
    child?.kill(signal);
    await closed;
  };
  process.once('exit', () => child?.kill('SIGKILL'));
  await start(options.crashpoint === undefined ? {} : { crashpoint: options.crashpoint });
  const now = () => {
    if (!ready) throw new Error('the companion is not ready');
    return ready;
  };
  const engine =
    kind === 'docker'
      ? await createDockerEngine({
          socketPath: requireEnv('MINICLOUD_TEST_DOCKER'),
          installation: installationOf(home),
        })
      : undefined;
  const client = createClient<AppRouter>({
    url: now().apiUrl,
    token: async () => now().token,
    EventSource,
    timeoutMs: { query: 30_000, mutation: 120_000 },
  });

  const finished: Lab['finished'] = async (id) => {
    const end = performance.now() + operationWithinMs;
    while (performance.now() < end) {
      const operation = await client.operations.get.query({ id }).catch(() => undefined);
      if (operation && !['queued', 'running'].includes(operation.state)) return operation;
      if (child?.exitCode !== null || child?.signalCode !== null)
        throw new Error(`the companion ended while operation ${id} ran:\n${output.slice(-3000)}`);
      await sleep(50);
    }
    throw new Error(`operation ${id} did not end:\n${output.slice(-3000)}`);
  };
  return {
    home,
    get ready() {
      return now();
    },
    client,
    get engine() {
      if (!engine) throw new Error('a memory lab has no engine to look at');
      return engine;
    },
    httpPort,
    httpsPort,
    log: () => output,
    process: () => {
      if (!child) throw new Error('the companion was not started');
      return child;
    },
    async get(host, at = '/', init = {}) {
      const url = init.plain ? `http://127.0.0.1:${httpPort}${at}` : `https://${host}:${httpsPort}${at}`;
      const { statusCode, headers, body } = await request(url, {
        method: (init.method ?? 'GET') as Dispatcher.HttpMethod,
        ...(init.body === undefined ? {} : { body: init.body }),
        headers: { ...init.headers, ...(init.plain ? { host } : {}) },
        ...(agent && !init.plain ? { dispatcher: agent } : {}),
        signal: AbortSignal.timeout(15_000),
      });
      return { status: statusCode, headers, text: await body.text() };
    },
    async deploy(manifest, image) {
      const started = await client.deploys.start.mutate({ manifest, ...(image === undefined ? {} : { image }) });
      return finished(started.operationId);
    },
    finished,
    stop,
    start,
    ended: () => closed,
    rows: <Row>(sql: string) => readRows(home, sql) as Row[],
    async remove() {
      await stop('SIGKILL');
      await agent?.close();
      if (engine) await removeEverything(engine);
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Every object of the installation, its firewall chains included. */
export async function removeEverything(engine: Engine): Promise<void> {
  for (const container of await engine.listContainers({})) await engine.removeContainer(container.id);
  for (const network of await engine.listNetworks()) await engine.removeNetwork(network.name);
  for (const volume of await engine.listVolumes()) await engine.removeVolume(volume.name);
  await createIptablesFirewall({ installation: engine.installation }).remove();
}

/** When a file was last written, nanoseconds; undefined while there is none. */
async function writtenAt(file: string): Promise<bigint | undefined> {
  return (await stat(file, { bigint: true }).catch(() => undefined))?.mtimeNs;
}

/** What this start wrote: not what was there `before`. */
async function waitForReady(
  file: string,
  before: bigint | undefined,
  child: ChildProcess,
  output: () => string,
): Promise<Ready> {
  const end = performance.now() + readyWithinMs;
  while (performance.now() < end) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the companion ended (${child.exitCode ?? child.signalCode}):\n${output()}`);
    if ((await writtenAt(file)) !== before) return JSON.parse(await readFile(file, 'utf8')) as Ready;
    await sleep(25);
  }
  throw new Error(`the companion was not ready:\n${output()}`);
}

/** The id in the database of that home. */
export function installationOf(home: string): string {
  return (readRows(home, "SELECT value FROM settings WHERE name = 'installation'")[0] as { value: string }).value;
}

function readRows(home: string, sql: string): unknown[] {
  const file = new Database(path.join(home, 'minicloud.db'), { readonly: true });
  try {
    return file.prepare(sql).all();
  } finally {
    file.close();
  }
}

export async function freePorts(count: number): Promise<[number, number, number]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports as [number, number, number];
}

/** A variable of the harness; `npm test` sets them. */
export function requireEnv(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this by \`npm test\`, which starts the engine that it needs.`);
  return value;
}
