/** A companion over the in-memory engine in this process, and the command line as people and CI run it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket, connect as tcpConnect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach } from 'node:test';
import { createMemoryEngine, type MemoryEngine } from '../../server/src/adapters/engine/memory.ts';
import { type Behaviour, createMemoryWorld } from '../../server/src/adapters/engine/memory-world.ts';
import type { Io } from '../../server/src/cli/command.ts';
import { commands } from '../../server/src/cli/commands.ts';
import { run } from '../../server/src/cli/run.ts';
import { createScreen } from '../../server/src/cli/screen.ts';
import { createByteStreams } from '../../server/src/cli/streams.ts';
import { createTerminalDouble } from '../../server/src/cli/terminal-double.ts';
import { startCompanion } from '../../server/src/companion.ts';
import { readConfig } from '../../server/src/config.ts';
import { writeReady } from '../../server/src/ready.ts';

export const repository = path.resolve(import.meta.dirname, '../..');
export const node = process.execPath;
const entry = path.join(repository, 'server/src/cli/main.ts');

export const world = createMemoryWorld();
/** Behaviour of containers by the value of the variable MODE. */
const modes: Record<string, Behaviour> = {
  fail: { healthy: false, logs: ['starting', 'boom \u001b[2J\u001b]0;owned\u0007 \u202Eevil'] },
  logs: { logs: ['first', 'second \u001b[31mred\u001b[0m'], errors: ['to stderr'] },
};

export const root = await mkdtemp(path.join(tmpdir(), 'minicloud-cli-e2e-'));
/** Holds `.minicloud/ready.json`, as the folder of `npm start` does. */
export const work = path.join(root, 'work');
await mkdir(path.join(work, '.minicloud'), { recursive: true });

const engines: MemoryEngine[] = [];
const settings = [
  '--engine',
  'memory',
  '--home',
  path.join(root, 'home'),
  '--api-port',
  String(await freePort()),
  '--drain-ms',
  '0',
];
export const companion = await startCompanion(readConfig(settings, {}), {
  version: '0.1.0',
  serverFolder: path.join(repository, 'server'),
  write: () => {},
  engine: (installation) => {
    const behaviour = (spec: { env?: Record<string, string> }) => modes[spec.env?.MODE ?? ''] ?? {};
    const made = createMemoryEngine({ installation, world, acceptAnyImage: true, behaviour });
    engines.push(made);
    return made;
  },
});
export const { apiUrl } = companion;
export const { token } = await writeReady(companion.cloud, apiUrl, path.join(work, '.minicloud/ready.json'));

/** The scripted engine that the companion uses. */
export function engine(): MemoryEngine {
  const [made] = engines;
  assert.ok(made);
  return made;
}

after(async () => {
  await companion.stop();
  await rm(root, { recursive: true, force: true });
});

const children = new Set<ChildProcess>();
afterEach(() => {
  delete world.intercept;
  for (const child of children) child.kill('SIGKILL');
});

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}
interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
  /** Resolves when standard error holds the text. */
  says(text: string): Promise<void>;
}
interface Options {
  env?: NodeJS.ProcessEnv;
  input?: string;
  cwd?: string;
}

export function start(args: string[], options: Options = {}): Running {
  const env = { PATH: process.env.PATH, HOME: path.join(root, 'person'), ...options.env };
  const child = spawn(node, [entry, ...args], { cwd: options.cwd ?? work, env });
  children.add(child);
  let out = '';
  let err = '';
  const waits = new Set<() => void>();
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
    for (const look of waits) look();
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    children.delete(child);
    for (const look of waits) look();
    return { code, signal, out, err };
  });
  return {
    child,
    ended,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (err.includes(text)) resolve();
          else if (!children.has(child))
            reject(new Error(`ended without saying ${JSON.stringify(text)}:\n${out}${err}`));
          else return;
          waits.delete(look);
        };
        waits.add(look);
        look();
      }),
  };
}
export const cli = (args: string[], options?: Options): Promise<Ended> => start(args, options).ended;

/** Runs it and expects that exit code. */
export async function expect(code: number, args: string[], options?: Options): Promise<Ended> {
  const ended = await cli(args, options);
  assert.equal(
    ended.code,
    code,
    `minicloud ${args.join(' ')} ended with ${ended.code ?? ended.signal}:\n${ended.out}${ended.err}`,
  );
  return ended;
}

export async function folder(name: string, lines: string[] = []): Promise<string> {
  const place = path.join(work, `folder-${name}`);
  await mkdir(place, { recursive: true });
  await writeFile(
    path.join(place, 'cloud_manifest.yml'),
    [`name: ${name}`, 'image: docker.io/me/app:1', 'expose: [{ port: 80 }]', ...lines, ''].join('\n'),
  );
  return path.basename(place);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Containers of this app wait at their start until the answer is called. */
export function holdStarts(app: string): () => void {
  let free = () => {};
  const held = new Promise<void>((resolve) => {
    free = resolve;
  });
  world.intercept = (call, object) => {
    const container = call === 'startContainer' ? world.containers.get(object) : undefined;
    return container?.spec.name.includes(app) ? held : undefined;
  };
  return free;
}

/** Between the command line and the companion: can cut every connection, stay away, and swallow an answer. */
export async function unreliableWire() {
  const { port } = new URL(apiUrl);
  const pairs = new Set<[Socket, Socket]>();
  const wire = { url: '', away: false, swallow: '', swallowed: 0, cut: () => {}, close: () => {} };
  const server = createServer((socket) => {
    if (wire.away) return void socket.resetAndDestroy();
    const up = tcpConnect(Number(port), '127.0.0.1');
    const pair: [Socket, Socket] = [socket, up];
    pairs.add(pair);
    let mute = false;
    socket.on('data', (chunk) => {
      if (wire.swallow !== '' && chunk.includes(wire.swallow)) {
        wire.swallow = '';
        mute = true;
      }
      up.write(chunk);
    });
    up.on('data', (chunk) => {
      if (!mute) return void socket.write(chunk);
      wire.swallowed += 1;
      socket.resetAndDestroy();
    });
    for (const each of pair) {
      each.on('error', () => {});
      each.on('close', () => {
        pairs.delete(pair);
        for (const one of pair) one.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  wire.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  wire.cut = () => {
    for (const [socket] of pairs) socket.resetAndDestroy();
  };
  wire.close = () => {
    wire.cut();
    server.close();
  };
  return wire;
}

/** A person at a terminal of that size, who answers questions. */
export async function atTerminal(args: string[], answer: string, size: [number, number] = [80, 30]) {
  const terminal = createTerminalDouble(...size);
  const screen = createScreen(terminal, { TERM: 'xterm', LANG: 'C.UTF-8' });
  const asked: string[] = [];
  const io: Io = {
    out: screen,
    err: screen,
    env: {},
    cwd: work,
    home: path.join(root, 'person'),
    now: Date.now,
    interactive: true,
    ask: async (question) => {
      asked.push(question);
      screen.print([`${question}${answer}`]);
      return answer;
    },
    askSecret: async () => answer,
    streams: createByteStreams(process.stdin, process.stdout, process.stderr),
    readInput: async () => '',
    onInterrupt: () => () => {},
  };
  const code = await run(args, io, commands, '0.1.0');
  return { code, asked, terminal, shown: terminal.seen().map((line) => line.replace(/\s+/g, ' ')) };
}
