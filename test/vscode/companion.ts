/** A real companion with the in-memory engine, as a child process, for tests of the editor. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../harness/vscode.ts';

export interface Companion {
  readonly url: string;
  readonly token: string;
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const startLimitMs = 60_000;

/** `home` and `port` of an earlier one give the same server again, with its apps and tokens. */
export async function startCompanion(options: { home?: string; port?: number } = {}): Promise<Companion> {
  const home = options.home ?? (await mkdtemp(join(tmpdir(), 'minicloud-editor-')));
  const ports = {
    '--api-port': options.port ?? (await freePort()),
    '--http-port': await freePort(),
    '--https-port': await freePort(),
  };
  const ready = join(home, 'ready.json');
  await rm(ready, { force: true });
  const child = spawn(
    process.execPath,
    [
      ...[join(root, 'server', 'src', 'main.ts'), 'serve', '--engine', 'memory', '--firewall', 'off'],
      ...['--home', home, '--ready', ready, ...Object.entries(ports).flat().map(String)],
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
    });
  }
  const closed = new Promise((resolve) => child.on('close', resolve));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await Promise.race([closed, sleep(10_000).then(() => child.kill('SIGKILL'))]);
    if (!options.home) await rm(home, { recursive: true, force: true });
  };
  const deadline = Date.now() + startLimitMs;
  for (;;) {
    const text = await readFile(ready, 'utf8').catch(() => undefined);
    if (text) {
      const { apiUrl, token } = JSON.parse(text) as { apiUrl: string; token: string };
      return { url: apiUrl, token, stop };
    }
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`the companion did not start\n${output}`);
    }
    await sleep(50);
  }
}
