/**
 * The one file that runs on whatever Node a machine has, with nothing installed: `node bootstrap.mjs start|test|bench|check`.
 * Installs the workspace when it is not what the lockfile says, then hands over to the Node 24 that came with it.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const stampFile = path.join(root, 'node_modules/.minicloud-installed');
const node24 = path.join(root, 'node_modules/node/bin/node');
const pnpm = 'pnpm@12.21.0';

const commands = {
  start: { entry: 'server/setup/start.ts', args: [] },
  test: { entry: 'test/harness/run.ts', args: [] },
  check: { entry: 'test/harness/run.ts', args: ['static', 'architecture'] },
  bench: { entry: 'test/bench/run.ts', args: [] },
};

const [name = '', ...rest] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (!command) {
  console.error(`Usage: node server/setup/bootstrap.mjs ${Object.keys(commands).join('|')} [arguments]`);
  process.exit(2);
}

const code = (await install()) ?? (await run(node24, [command.entry, ...command.args, ...rest]));
process.exit(code);

/** Brings `node_modules` to what the lockfile says. The exit code when that failed, nothing when all is well. */
async function install() {
  const wanted = fingerprint();
  if (existsSync(node24) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  console.log(`Minicloud installs its packages (${pnpm}, once for each lockfile) …`);
  const started = Date.now();
  const failed = await run('npx', ['--yes', pnpm, 'install', '--frozen-lockfile']);
  if (failed !== 0) {
    console.error('The packages could not be installed; the lines above say why. Check that npm reaches its registry.');
    return failed;
  }
  if (!existsSync(node24)) {
    console.error(`The package "node" left no ${node24}: allow its build script in pnpm-workspace.yaml.`);
    return 1;
  }
  mkdirSync(path.dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, wanted);
  console.log(`Packages are installed (${((Date.now() - started) / 1000).toFixed(1)} s).`);
}

/** Changes when an install could have another result. */
function fingerprint() {
  const hash = createHash('sha256');
  const manifests = ['.', ...readdirSync(root)].map((folder) => path.join(folder, 'package.json'));
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests.sort()]) {
    const full = path.join(root, file);
    if (existsSync(full)) hash.update(`${file}\0`).update(readFileSync(full));
  }
  return hash.digest('hex');
}

/** Runs a program in the root of the workspace and passes our signals on to it; its exit code. */
function run(file, args) {
  return new Promise((resolve) => {
    const bin = path.join(root, 'node_modules/.bin');
    const child = spawn(file, args, {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` },
    });
    const forward = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    const done = (result) => {
      for (const signal of signals) process.off(signal, forward);
      resolve(result);
    };
    child.on('error', (error) => {
      console.error(`${file} could not be started: ${error.message}`);
      done(127);
    });
    child.on('exit', (exitCode, signal) =>
      done(exitCode ?? 128 + (signal === 'SIGINT' ? 2 : signal === 'SIGKILL' ? 9 : 15)),
    );
  });
}
