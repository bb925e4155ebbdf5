/** Starts a program that outlives us. With `platform/exec.ts` the only place of the server that starts programs. */
import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import path from 'node:path';

/** Starts it in a session of its own with its output appended to `log`; resolves with its process id once it started. */
export async function startDaemon(program: string, args: readonly string[], log: string): Promise<number> {
  const file = await open(log, 'a', 0o600);
  try {
    // Not where we happen to be: what it leaves in its folder lies beside its log, and ours can be removed.
    const cwd = path.dirname(log);
    const child = spawn(program, [...args], { cwd, detached: true, stdio: ['ignore', file.fd, file.fd] });
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => {
        child.unref();
        resolve(child.pid ?? 0);
      });
    });
  } finally {
    await file.close();
  }
}
