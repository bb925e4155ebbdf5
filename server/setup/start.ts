/**
 * `npm start`: everything that a bare machine needs, then the companion in the foreground with the sample app
 * deployed as any user would. Ctrl-C stops the companion; the apps go on serving.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { problemLines, toProblem } from 'minicloud-shared/model/problem';
import { createDockerEngine } from '../src/adapters/engine/docker.ts';
import { type Config, exitCodeOf, readConfig } from '../src/config.ts';
import { ensurePlatformImage } from '../src/images/ensure.ts';
import type { ImageSettings } from '../src/images/settings.ts';
import { readFileIfThere } from '../src/platform/atomic-file.ts';
import { leanEnvironment } from '../src/platform/lean.ts';
import { poll } from '../src/platform/wait.ts';
import { type Ready, readySchema } from '../src/ready.ts';
import { buildSample, buildServer, bundlePath } from './build.ts';
import { demandReachable, ensureEngine } from './engine.ts';

const root = path.resolve(import.meta.dirname, '../..');
const sampleFolder = path.join(root, 'server/images/sample');
const readyWithinMs = 15 * 60_000;
const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(args: string[]): Promise<number> {
  const withSample = !args.includes('--no-sample');
  const passed = args.filter((arg) => arg !== '--no-sample');
  const config = readConfig(passed, process.env);
  const readyFile = config.ready ?? path.join(config.home, 'ready.json');
  await buildServer(root, say);
  const sampleImage = await prepareEngine(config, withSample, (socket) => passed.push('--engine-socket', socket));
  if (config.ready === undefined) passed.push('--ready', readyFile);

  const before = await identityOf(readyFile);
  const companion = spawn(process.execPath, [bundlePath(root, 'companion'), 'serve', ...passed], {
    stdio: ['inherit', 'inherit', 'pipe'],
    env: { ...leanEnvironment, ...process.env },
  });
  const log = relay(companion.stderr);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => companion.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal));
  const ended = new Promise<number>((resolve) =>
    companion.on('exit', (code, signal) => resolve(code ?? (signal ? 1 : 0))),
  );
  const ready = await Promise.race([waitUntilReady(readyFile, before, companion), ended]);
  if (typeof ready === 'number') return ready || 1;
  if (withSample && sampleImage !== undefined) {
    log.hold();
    await deploySample(ready, sampleImage);
    log.release();
  }
  announce((await readReady(readyFile)) ?? ready, readyFile, withSample);
  return ended;
}

/** The companion's log on our own; held back while the progress of a deploy is drawn in place on the same terminal. */
function relay(from: Readable): { hold(): void; release(): void } {
  let held: Buffer[] | undefined;
  from.on('data', (chunk: Buffer) => {
    if (held) held.push(chunk);
    else process.stderr.write(chunk);
  });
  return {
    hold() {
      held = [];
    },
    release() {
      for (const chunk of held ?? []) process.stderr.write(chunk);
      held = undefined;
    },
  };
}

/** An engine that answers and the platform images on it; the name of the sample's image. */
async function prepareEngine(
  config: Config,
  withSample: boolean,
  useSocket: (socket: string) => void,
): Promise<string | undefined> {
  if (config.engine === 'memory') {
    say('engine: in memory. Containers are only pretended; nothing that is deployed answers.');
    return 'minicloud/sample:memory';
  }
  const found =
    config.engineSocket === undefined
      ? await ensureEngine(
          { home: config.home, env: process.env, ...(config.engine === 'auto' ? {} : { kind: config.engine }) },
          say,
        )
      : { kind: config.engine, socketPath: config.engineSocket };
  say(`engine: ${found.kind} at ${found.socketPath}`);
  if (config.engineSocket === undefined) useSocket(found.socketPath);
  const engine = await createDockerEngine({ installation: 'setup', socketPath: found.socketPath });
  demandReachable(found.socketPath, engine.capabilities);
  const settings: ImageSettings = {
    imagesFolder: path.join(root, 'server/images'),
    workFolder: config.home,
    choice: config.images,
    references: {
      ...(config.proxyImage && { proxy: config.proxyImage }),
      ...(config.mariadbImage && { mariadb: config.mariadbImage }),
    },
    ...(config.registryMirror && { mirror: config.registryMirror }),
  };
  if (withSample) await buildSample(root, say);
  for (const name of ['proxy', 'mariadb', ...(withSample ? (['sample'] as const) : [])] as const) {
    const image = await ensurePlatformImage(engine, name, settings, say);
    say(`image ${name}: ${image.reference} (${image.source})`);
    if (name === 'sample') return image.reference;
  }
  return undefined;
}

/** The facts that the companion started just now has written. */
async function waitUntilReady(file: string, before: string, companion: ChildProcess): Promise<Ready> {
  const ready = await poll(
    async () => {
      if (companion.exitCode !== null || companion.signalCode !== null)
        throw new Error('the companion ended before it was ready');
      return (await identityOf(file)) === before ? undefined : readReady(file);
    },
    { firstMs: 50, mostMs: 300, deadlineMs: readyWithinMs },
  );
  if (!ready) throw new Error(`the companion was not ready within ${readyWithinMs / 60_000} minutes`);
  return ready;
}

/** Which file it is, by what no two have in common: one that was there a moment ago is not what is waited for. */
async function identityOf(file: string): Promise<string> {
  return stat(file, { bigint: true }).then(
    ({ ino, mtimeNs }) => `${ino} ${mtimeNs}`,
    () => '',
  );
}

async function readReady(file: string): Promise<Ready | undefined> {
  const text = await readFileIfThere(file);
  return text === undefined ? undefined : readySchema.parse(JSON.parse(text));
}

/** `minicloud deploy`, the same command that anybody types. */
async function deploySample(ready: Ready, image: string): Promise<void> {
  if (ready.apps.some((app) => app.name === 'sample' && app.urls.length > 0)) {
    say('the sample app is there already');
    return;
  }
  say(`\n$ minicloud deploy ${path.relative(process.cwd(), sampleFolder)} --image ${image} --yes`);
  const cli = spawn(process.execPath, [bundlePath(root, 'cli'), 'deploy', sampleFolder, '--image', image, '--yes'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, MINICLOUD_API_URL: ready.apiUrl, MINICLOUD_TOKEN: ready.token },
  });
  const code = await new Promise<number | null>((resolve) => cli.on('exit', resolve));
  if (code !== 0)
    say(`the sample was not deployed (exit code ${code}); the lines above say why. The companion goes on.`);
}

function announce(ready: Ready, file: string, withSample: boolean): void {
  const sample = ready.apps.find((app) => app.name === 'sample')?.urls[0];
  const shownFile = path.relative(process.cwd(), file);
  // The command line looks for this file in the folder that it runs in.
  const found = shownFile === path.join('.minicloud', 'ready.json');
  say(
    [
      '',
      'Minicloud is ready.',
      ...(sample && withSample ? [`  sample app   ${sample}`] : []),
      `  API          ${ready.apiUrl}`,
      `  VS Code      run "Minicloud: Add Server…" with this URL and the token from ${shownFile}`,
      `  terminal     ${found ? 'npx minicloud status' : `npx minicloud login ${ready.apiUrl}`}`,
      `  trust HTTPS  curl --cacert ${path.join(path.dirname(shownFile), 'root-certificate.pem')} ${sample ?? 'https://NAME.localhost:8443'}`,
      '',
      'Ctrl-C stops the companion; the apps keep serving.',
    ].join('\n'),
  );
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const problem = toProblem(error);
  process.stderr.write(`${problemLines(problem).join('\n')}\n`);
  process.exitCode = exitCodeOf(problem);
}
