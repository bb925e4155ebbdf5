/** Faults of the test engine: ended as `kill -9` would, frozen, and started again with the very same arguments. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
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
  // The dead may not have been reaped yet; their numbers in these files would be taken for running ones.
  const after = (flag: string) => args[args.indexOf(flag) + 1] ?? '';
  for (const stale of [after('--pidfile'), path.join(after('--exec-root'), 'containerd/containerd.pid')])
    rmSync(stale, { force: true });
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const logFile = path.join(tmpdir(), `minicloud-dockerd-${process.pid}.log`);
  const log = openSync(logFile, 'w');
  const child = spawn(file, args, { stdio: ['ignore', log, log], detached: true, env });
  child.unref();
  closeSync(log);
  for (let tries = 0; ; tries += 1) {
    try {
      await createDockerEngine({ socketPath: socket, installation: 'harness' });
      return;
    } catch (error) {
      if (child.exitCode !== null)
        throw new Error(`dockerd ended:\n${readFileSync(logFile, 'utf8').slice(-1500)}`, { cause: error });
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
