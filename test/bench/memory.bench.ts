/**
 * Memory of the companion as it is run, from its bundle, half a minute after its start with nothing asked of it:
 * without apps, with a hundred, and connected to a real engine. Beside it the same Node with nothing to do.
 *
 * Resident pages count what is shared with other processes, such as Node itself, in full; the proportional size, which
 * is what stopping the companion would give back at the least, is told with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import type { AppRouter } from 'minicloud-server/router';
import { createClient } from 'minicloud-shared/client/client';
import { leanEnvironment } from '../../server/src/platform/lean.ts';
import { bundledCompanion, startBundledLab } from './bundled.ts';
import { atMost, type BenchRow } from './row.ts';

const idleMs = 30_000;
const manyApps = 100;
const mostEmptyMb = 100;
const mostManyMb = 120;
const readyWithinMs = 60_000;

export async function run(): Promise<BenchRow[]> {
  const bundle = await bundledCompanion();
  const node = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)'], { stdio: 'ignore' });
  const ends: (() => Promise<void>)[] = [() => end(node)];
  try {
    const empty = await startMemory(bundle, 19_540);
    ends.push(empty.remove);
    const many = await startMemory(bundle, 19_550);
    ends.push(many.remove);
    await deployMany(many, manyApps);
    // Whoever asks is rarely the one who deployed a hundred apps a moment ago.
    await many.restart();
    const lab = await startBundledLab();
    ends.push(lab.remove);
    await sleep(idleMs);
    const bare = await residentMb(node.pid ?? 0);
    const rows: [string, number, number][] = [
      ['0 apps', empty.pid(), mostEmptyMb],
      ['0 apps, real engine', lab.process().pid ?? 0, mostEmptyMb],
      [`${manyApps} apps`, many.pid(), mostManyMb],
    ];
    const found: BenchRow[] = [];
    for (const [what, pid, most] of rows) {
      const pss = Math.round(await proportionalMb(pid));
      const name = `companion idle, ${what} (${pss} MB in proportion)`;
      found.push(atMost({ name, value: await residentMb(pid), unit: 'MB', most, reference: bare }));
    }
    return found;
  } finally {
    for (const last of ends.reverse()) await last();
  }
}

interface Companion {
  api(): Promise<{ url: string; token: string }>;
  pid(): number;
  restart(): Promise<void>;
  remove(): Promise<void>;
}

/** A companion on the in-memory engine with three ports from `port` on. */
async function startMemory(bundle: string, port: number): Promise<Companion> {
  const home = await mkdtemp(path.join(tmpdir(), 'minicloud-bench-'));
  const readyFile = path.join(home, 'ready.json');
  const settings = {
    ...{ home, engine: 'memory', ready: readyFile, 'drain-ms': '0' },
    ...{ 'api-port': String(port), 'http-port': String(port + 1), 'https-port': String(port + 2) },
  };
  const args = Object.entries(settings).flatMap(([flag, value]) => [`--${flag}`, value]);
  let child: ChildProcess;
  const start = async () => {
    await rm(readyFile, { force: true });
    // As `npm start` starts it.
    const env = { ...leanEnvironment, ...process.env };
    child = spawn(process.execPath, [bundle, 'serve', ...args], { stdio: 'ignore', env });
    const began = performance.now();
    while ((await readFile(readyFile, 'utf8').catch(() => '')) === '') {
      if (child.exitCode !== null || performance.now() - began > readyWithinMs) throw new Error('it did not start');
      await sleep(50);
    }
  };
  await start();
  return {
    async api() {
      const { apiUrl, token } = JSON.parse(await readFile(readyFile, 'utf8')) as { apiUrl: string; token: string };
      return { url: apiUrl, token };
    },
    pid: () => child.pid ?? 0,
    async restart() {
      await end(child);
      await start();
    },
    async remove() {
      await end(child);
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function deployMany(companion: Companion, count: number): Promise<void> {
  const { url, token } = await companion.api();
  const client = createClient<AppRouter>({ url, token: async () => token, EventSource });
  for (let app = 1; app <= count; app += 1) {
    const manifest = `name: app-${app}\nimage: example.com/app:1\nexpose:\n- port: 80\n`;
    const { operationId } = await client.deploys.start.mutate({ manifest });
    let { state } = await client.operations.get.query({ id: operationId });
    while (state === 'queued' || state === 'running') {
      // The API allows twenty questions a second over a minute.
      await sleep(150);
      ({ state } = await client.operations.get.query({ id: operationId }));
    }
    if (state !== 'succeeded') throw new Error(`app-${app} was not deployed: ${state}`);
  }
}

async function residentMb(pid: number): Promise<number> {
  return kilobytes(await readFile(`/proc/${pid}/status`, 'utf8'), 'VmRSS') / 1024;
}

async function proportionalMb(pid: number): Promise<number> {
  return kilobytes(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss') / 1024;
}

function kilobytes(text: string, field: string): number {
  const value = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
  if (value === undefined) throw new Error(`the kernel does not tell ${field}`);
  return Number(value);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await closed;
}
