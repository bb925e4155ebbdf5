/** Puts a real VS Code (the npm package `code-server`) into a cache outside the workspace; about 90 s each, once a machine. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Pairs that were tested together: code-server 4.139.1 carries VS Code 1.139 and wants Node 24. `lowest` is what
 * `engines.vscode` of the extension promises; those before download parts from other places than npm.
 */
export const vscodeVersions = {
  lowest: { 'code-server': '4.134.0', node: '24.21.0' },
  current: { 'code-server': '4.139.1', node: '24.21.0' },
} as const;
export type VscodeVersion = keyof typeof vscodeVersions;

const installLimitMs = 9 * 60_000;

export interface VscodeInstallation {
  /** The Node that the server's native modules were built for. */
  node: string;
  /** Script that starts the server. */
  serverMain: string;
}

/**
 * The installation, made when it is missing. Several test processes may ask at once: the first makes it, the others
 * wait. Needs a C++ compiler, pkg-config and the headers of krb5 and libsecret.
 */
export async function installVscode(version: VscodeVersion = 'current'): Promise<VscodeInstallation> {
  const versions = vscodeVersions[version];
  const folder = join(cacheFolder(), `code-server-${versions['code-server']}`);
  const found = await finished(folder);
  if (found) return found;
  await mkdir(cacheFolder(), { recursive: true });
  const lock = `${folder}.lock`;
  const deadline = Date.now() + installLimitMs;
  while (!(await takeLock(lock))) {
    if (Date.now() > deadline) throw new Error(`another process has held ${lock} for too long; remove it`);
    await sleep(1000);
  }
  try {
    return (await finished(folder)) ?? (await install(folder, versions));
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

export function cacheFolder(): string {
  return process.env.MINICLOUD_TEST_CACHE ?? join(homedir(), '.cache', 'minicloud-test');
}

async function finished(folder: string): Promise<VscodeInstallation | undefined> {
  const mark = await readFile(join(folder, 'complete.json'), 'utf8').catch(() => undefined);
  return mark ? (JSON.parse(mark) as VscodeInstallation) : undefined;
}

/** A directory is the lock: making one is atomic. One left by a killed process is taken over after the time limit. */
async function takeLock(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch {
    const age = await stat(lock).then(
      (info) => Date.now() - info.mtimeMs,
      () => 0,
    );
    if (age > installLimitMs) await rm(lock, { recursive: true, force: true });
    return false;
  }
}

async function install(folder: string, versions: (typeof vscodeVersions)[VscodeVersion]): Promise<VscodeInstallation> {
  await rm(folder, { recursive: true, force: true });
  // Two npm projects: in one, installing the second package would lay the first one anew while it is in use.
  const [nodeFolder, codeFolder] = [join(folder, 'node'), join(folder, 'code')];
  for (const each of [nodeFolder, codeFolder]) {
    await mkdir(each, { recursive: true });
    await writeFile(join(each, 'package.json'), '{ "private": true }\n');
  }
  await npm(nodeFolder, `node@${versions.node}`, process.env);
  const node = join(nodeFolder, 'node_modules', 'node', 'bin', 'node');
  await npm(codeFolder, `code-server@${versions['code-server']}`, {
    ...process.env,
    PATH: `${dirname(node)}:${process.env.PATH}`,
    // Headers come from the package, so that nothing is downloaded while compiling.
    npm_config_nodedir: await headersFolder(nodeFolder),
  });
  const serverMain = join(codeFolder, 'node_modules', 'code-server', 'lib', 'vscode', 'out', 'server-main.js');
  if (!existsSync(serverMain)) throw new Error(`code-server was installed without ${serverMain}`);
  const installation = { node, serverMain };
  await writeFile(join(folder, 'complete.json'), JSON.stringify(installation));
  return installation;
}

async function npm(cwd: string, package_: string, env: NodeJS.ProcessEnv): Promise<void> {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  try {
    await run('npm', ['install', ...quiet, '--', package_], {
      cwd,
      env: withoutOuterNpm(env),
      timeout: installLimitMs,
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr).slice(-4000) : '';
    throw new Error(`npm install ${package_} failed\n${output}`, { cause: error });
  }
}

/** `npm test` tells its scripts which Node it runs on itself; an install below it would believe that of its own. */
function withoutOuterNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const outer = ['npm_config_user_agent', 'npm_node_execpath', 'npm_execpath', 'NODE'];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !outer.includes(name)));
}

/** The package `node` brings one package a platform, with `include/node` inside. */
async function headersFolder(folder: string): Promise<string> {
  const roots = [join(folder, 'node_modules'), join(folder, 'node_modules', 'node', 'node_modules')];
  for (const root of roots) {
    for (const name of await readdir(root).catch(() => [])) {
      if (existsSync(join(root, name, 'include', 'node', 'node.h'))) return join(root, name);
    }
  }
  throw new Error(`no Node headers under ${folder}`);
}
