/** A real companion with the in-memory engine, as a child process, for tests of the editor. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../harness/vscode.ts';

export interface Companion {
  readonly url: string;
  readonly token: string;
  /** Ends the process and keeps its data. */
  pause(): Promise<void>;
  /** Starts the same server at the same address again. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const startLimitMs = 60_000;
const stopLimitMs = 10_000;

export async function startCompanion(): Promise<Companion> {
  const home = await mkdtemp(join(tmpdir(), 'minicloud-editor-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const ports = ['--api-port', port, '--http-port', await freePort(), '--https-port', await freePort()].map(String);
  const ready = join(home, 'ready.json');
  let child = launch(home, ready, ports);
  const resume = async (): Promise<void> => {
    child = launch(home, ready, ports);
    await untilServing(child, url);
  };
  const stop = async (): Promise<void> => {
    await end(child.process);
    await rm(home, { recursive: true, force: true });
  };
  try {
    await untilServing(child, url);
    const { token } = JSON.parse(await untilWritten(ready)) as { token: string };
    return { url, token, pause: () => end(child.process), resume, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Launched {
  process: ChildProcess;
  output(): string;
}

function launch(home: string, ready: string, ports: readonly string[]): Launched {
  const args = ['serve', '--engine', 'memory', '--firewall', 'off', '--home', home, '--ready', ready, ...ports];
  const child = spawn(process.execPath, [join(root, 'server', 'src', 'main.ts'), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
    });
  }
  return { process: child, output: () => output };
}

async function untilServing(child: Launched, url: string): Promise<void> {
  const deadline = Date.now() + startLimitMs;
  for (;;) {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answer?.ok) return;
    if (child.process.exitCode !== null || Date.now() > deadline) {
      throw new Error(`the companion did not start\n${child.output()}`);
    }
    await sleep(50);
  }
}

/** The file with the token is written right after the API began to answer. */
async function untilWritten(file: string): Promise<string> {
  const deadline = Date.now() + startLimitMs;
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text) return text;
    if (Date.now() > deadline) throw new Error(`${file} was not written`);
    await sleep(50);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.on('close', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  await closed;
  clearTimeout(timer);
}
