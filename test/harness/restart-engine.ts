/** Faults of the test engine: ended as `kill -9` would, frozen, and started again with the very same arguments. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDockerEngine } from '../../server/src/adapters/engine/docker.ts';

export interface EngineProcess {
  pid: number;
  argv: string[];
}

/** The dockerd that serves this socket. */
export function engineProcess(socket: string): EngineProcess {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const argv = commandLine(entry);
    if (argv[0]?.endsWith('dockerd') && argv.includes(`unix://${socket}`)) return { pid: Number(entry), argv };
  }
  throw new Error(`no dockerd serves ${socket}`);
}

export async function killEngine(engine: EngineProcess): Promise<void> {
  process.kill(engine.pid, 'SIGKILL');
  while (commandLine(String(engine.pid)).length > 0) await sleep(20);
}

/** Starts it again in this process's network namespace, where suites run, and waits until it answers. */
export async function startEngineAgain(engine: EngineProcess, socket: string): Promise<void> {
  const [file = '', ...args] = engine.argv;
  // The dead engine may not have been reaped yet; its number in the file would be taken for a running one.
  rmSync(args[args.indexOf('--pidfile') + 1] ?? '', { force: true });
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const child = spawn(file, args, { stdio: 'ignore', detached: true, env });
  child.unref();
  for (let tries = 0; ; tries += 1) {
    try {
      await createDockerEngine({ socketPath: socket, installation: 'harness' });
      return;
    } catch (error) {
      if (child.exitCode !== null) throw new Error(`dockerd ended with exit code ${child.exitCode}`, { cause: error });
      if (tries > 300) throw error;
      await sleep(100);
    }
  }
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  } catch {
    return [];
  }
}
