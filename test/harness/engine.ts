/**
 * An engine for tests alone: in a network namespace of its own, with its own folders and socket, so that a companion or
 * an engine of the machine is never touched. Its images persist between runs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createNamespace, kill, type Namespace, removeNamespace } from './netns.ts';
import { run } from './process.ts';

export interface TestEngine {
  /** Path of the socket, reachable from every namespace. */
  socket: string;
  namespace: Namespace;
  /** Ends the engine and takes away everything but its images. */
  close(): Promise<void>;
}

/** What tells Docker and Podman apart here. Each index has folders, processes and a namespace of its own. */
export interface EngineRecipe {
  /** For people. */
  title: string;
  /** `state` goes with the engine, `data` holds its images. */
  layout(index: number): { state: string; data: string; socket: string; log: string };
  /** Writes what it needs to start, and says how; the program is run in the namespace. */
  service(index: number): { argv: readonly string[]; env?: NodeJS.ProcessEnv };
  /** Ends what a run with this index left behind, however it ended: holding the index is what makes it ours. */
  endProcesses(index: number): Promise<void>;
}

/** Where things persist that are slow to make: images, code-server. Outside the clone. */
export function cacheFolder(): string {
  return process.env.MINICLOUD_TEST_CACHE ?? path.join(os.homedir(), '.cache/minicloud-test');
}

const indexes = [0, 1, 2, 3, 4, 5, 6, 7];

/** Starts an engine under the first index that no other run holds. Needs root. */
export async function startOwnEngine(recipe: EngineRecipe, say: (line: string) => void): Promise<TestEngine> {
  needRoot();
  const { index, lock } = await takeIndex();
  const at = recipe.layout(index);
  await sweep(recipe, index);
  try {
    const namespace = await createNamespace(index);
    const daemon = startService(recipe, index, namespace);
    await untilAnswers(at, daemon);
    await emptyEngine(at.socket);
    say(`${recipe.title} of its own: ${at.socket} in network namespace ${namespace.name}`);
    return {
      socket: at.socket,
      namespace,
      async close() {
        await emptyEngine(at.socket).catch(() => {});
        await stopDaemon(daemon);
        await sweep(recipe, index);
        lock.close();
      },
    };
  } catch (error) {
    await sweep(recipe, index);
    lock.close();
    throw error;
  }
}

function startService(recipe: EngineRecipe, index: number, namespace: Namespace): ChildProcess {
  const at = recipe.layout(index);
  for (const folder of [at.state, at.data]) mkdirSync(folder, { recursive: true });
  const { argv, env } = recipe.service(index);
  const [file = '', ...args] = [...namespace.enter, ...argv];
  const log = openSync(at.log, 'w');
  const child = spawn(file, args, {
    cwd: at.state,
    env: { ...process.env, ...env, PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` },
    stdio: ['ignore', log, log],
    detached: true,
  });
  child.on('error', () => {});
  child.unref();
  closeSync(log);
  return child;
}

async function sweep(recipe: EngineRecipe, index: number): Promise<void> {
  const at = recipe.layout(index);
  await recipe.endProcesses(index);
  for (const mount of mountsUnder([at.state, at.data])) await run(['umount', '-l', mount], { timeoutMs: 10_000 });
  await removeNamespace(index);
  rmSync(at.state, { recursive: true, force: true });
}

function needRoot(): void {
  if (process.platform === 'linux' && process.getuid?.() === 0) return;
  throw new Error('The suites with a real engine need root on Linux: they make a network namespace and run it there.');
}

/** An abstract socket is a lock that the kernel gives back however its holder ends. */
async function takeIndex(): Promise<{ index: number; lock: Server }> {
  for (const index of indexes) {
    const lock = createServer();
    const mine = await new Promise<boolean>((resolve) => {
      lock.once('error', () => resolve(false));
      lock.listen(`\0minicloud-test-${index}`, () => resolve(true));
    });
    if (mine) {
      lock.unref();
      return { index, lock };
    }
  }
  throw new Error(`${indexes.length} test runs are under way on this machine; wait for one to end.`);
}

async function untilAnswers(at: { socket: string; log: string }, daemon: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline && daemon.exitCode === null && daemon.pid !== undefined) {
    const answer = await ask(at.socket, 'GET', '/_ping').catch(() => undefined);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const tail = existsSync(at.log) ? readFileSync(at.log, 'utf8').trim().split('\n').slice(-15).join('\n') : '';
  throw new Error(`The test engine did not start; the end of ${at.log}:\n${tail}`);
}

/** Removes every container, network and volume; images stay. Fast, because nothing is asked to stop by itself. */
async function emptyEngine(socket: string): Promise<void> {
  for (const { Id } of await list(socket, '/containers/json?all=1')) {
    await ask(socket, 'DELETE', `/containers/${Id}?force=1&v=1`);
  }
  for (const { Id, Name } of await list(socket, '/networks')) {
    if (!['bridge', 'host', 'none', 'podman'].includes(Name ?? '')) await ask(socket, 'DELETE', `/networks/${Id}`);
  }
  for (const { Name } of await list(socket, '/volumes')) await ask(socket, 'DELETE', `/volumes/${Name}?force=1`);
}

type Listed = { Id?: string; Name?: string };

async function list(socket: string, at: string): Promise<Listed[]> {
  const parsed: unknown = JSON.parse((await ask(socket, 'GET', at)).body);
  const items = Array.isArray(parsed) ? parsed : (parsed as { Volumes?: unknown }).Volumes;
  return Array.isArray(items) ? (items as Listed[]) : [];
}

function ask(socketPath: string, method: string, at: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path: at, timeout: 30_000 }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (text: string) => {
        body += text;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
      answer.on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error(`the engine did not answer ${method} ${at} in 30 s`)));
    call.on('error', reject);
    call.end();
  });
}

async function stopDaemon(daemon: ChildProcess): Promise<void> {
  if (daemon.pid === undefined || daemon.exitCode !== null) return;
  const ended = new Promise<void>((resolve) => daemon.once('exit', () => resolve()));
  kill(daemon.pid, 'SIGTERM');
  const waited = new AbortController();
  const timeout = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 15_000);
    waited.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  await Promise.race([ended, timeout]);
  waited.abort();
}

function mountsUnder(folders: readonly string[]): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((mount) => folders.some((folder) => mount === folder || mount.startsWith(`${folder}/`)))
    .reverse();
}
