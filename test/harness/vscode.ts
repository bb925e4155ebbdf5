/** A real VS Code for tests: its server as a child process, its workbench in Chromium. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium, type Page } from 'playwright-core';
import { installVscode, type VscodeInstallation, type VscodeVersion } from './vscode-install.ts';

export interface Vscode {
  readonly port: number;
  /** The server's process group; nothing of it may be left after `stop`. */
  readonly pid: number;
  /** Changes machine settings; windows that are open follow. */
  configure(settings: Record<string, unknown>): Promise<void>;
  /** Output of the server and its extension hosts so far. */
  output(): string;
  stop(): Promise<void>;
}

export interface VscodeOptions {
  /** Packages to install before the start. */
  vsix?: readonly string[];
  /** Machine settings. */
  settings?: Record<string, unknown>;
  env?: NodeJS.ProcessEnv;
  /** The newest that is tested unless told otherwise. */
  version?: VscodeVersion;
  /** True asks whether the folder is trusted, as VS Code does by default; false trusts every folder. */
  workspaceTrust?: boolean;
  /** Lets a window run tests inside the extension host (`payload`), and hides notifications. */
  testDriver?: boolean;
}

const startLimitMs = 60_000;

/** Starts a VS Code server on a free port of 127.0.0.1, with folders of its own that go with it. */
export async function startVscode(options: VscodeOptions = {}): Promise<Vscode> {
  const installation = await installVscode(options.version);
  const folder = await mkdtemp(join(tmpdir(), 'minicloud-vscode-'));
  const [data, extensions] = [join(folder, 'data'), join(folder, 'extensions')];
  await mkdir(join(data, 'data', 'Machine'), { recursive: true });
  await mkdir(extensions);
  const trust = options.workspaceTrust === true;
  const configure = (settings: Record<string, unknown>): Promise<void> =>
    writeFile(
      join(data, 'data', 'Machine', 'settings.json'),
      JSON.stringify({ ...quiet, 'security.workspace.trust.enabled': trust, ...settings }),
    );
  await configure(options.settings ?? {});
  const folders = ['--server-data-dir', data, '--extensions-dir', extensions];
  for (const vsix of options.vsix ?? []) await runServer(installation, [...folders, '--install-extension', vsix]);
  const port = await freePort();
  const child = launch(installation, options.env ?? {}, [
    ...['--host', '127.0.0.1', '--port', String(port), ...folders],
    ...['--without-connection-token', '--accept-server-license-terms', '--disable-telemetry'],
    ...(trust ? [] : ['--disable-workspace-trust']),
    ...(options.testDriver ? ['--enable-smoke-test-driver'] : []),
  ]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-100_000);
    });
  }
  const stop = async (): Promise<void> => {
    await endGroup(child);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const deadline = Date.now() + startLimitMs;
  while (!(await answers(port))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`VS Code did not start\n${output}`);
    }
    await sleep(100);
  }
  return { port, pid: child.pid ?? 0, configure, output: () => output, stop };
}

/** What would lie over the workbench in tests: welcome pages, tips, notifications about updates. */
const quiet = {
  'workbench.startupEditor': 'none',
  // What other suites listen on beside this one is no news to the person who is played here.
  'remote.autoForwardPorts': false,
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'extensions.ignoreRecommendations': true,
  'update.showReleaseNotes': false,
  'chat.disableAIFeatures': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'git.enabled': false,
  // Terminals as text on the page, and not as a picture.
  'terminal.integrated.gpuAcceleration': 'off',
};

export interface WorkbenchOptions {
  folder: string;
  /** Pairs that VS Code reads when its test driver is on, such as `extensionTestsPath`. */
  payload?: [string, string][];
  colorScheme?: 'light' | 'dark';
  width?: number;
  height?: number;
}

export interface Workbench {
  readonly page: Page;
  close(): Promise<void>;
}

/** Opens a folder in the workbench, in a browser of its own. */
export async function openWorkbench(vscode: Vscode, options: WorkbenchOptions): Promise<Workbench> {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  if (!executablePath) throw new Error('no Chromium: apt-get install chromium');
  const browser: Browser = await chromium.launch({
    executablePath,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync'],
    ],
  });
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    colorScheme: options.colorScheme ?? 'dark',
  });
  await context.addInitScript({ path: join(import.meta.dirname, 'toast-recorder.js') });
  const page = await context.newPage();
  const query = new URLSearchParams({ folder: options.folder });
  if (options.payload) query.set('payload', JSON.stringify(options.payload));
  await page.goto(`http://127.0.0.1:${vscode.port}/?${query}`);
  await page.waitForSelector('.monaco-workbench', { timeout: startLimitMs });
  return { page, close: () => browser.close() };
}

/** A path of this machine as the workbench names it. */
export function remotePath(vscode: Vscode, path: string): string {
  return `vscode-remote://127.0.0.1:${vscode.port}${path}`;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (!address || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

function launch(
  { node, serverMain }: VscodeInstallation,
  env: NodeJS.ProcessEnv,
  args: readonly string[],
): ChildProcess {
  return spawn(node, [serverMain, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Of a group of its own, so that its extension hosts and language servers end with it.
    detached: true,
    env: { ...process.env, ...env },
  });
}

async function runServer(installation: VscodeInstallation, args: readonly string[]): Promise<void> {
  const child = launch(installation, {}, args);
  const timer = setTimeout(() => void endGroup(child), startLimitMs);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}\n${output}`);
}

async function endGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const closed = new Promise((resolve) => child.on('close', resolve));
  process.kill(-child.pid, 'SIGTERM');
  const stopped = await Promise.race([closed.then(() => true), sleep(8_000, false)]);
  if (!stopped) process.kill(-child.pid, 'SIGKILL');
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/version`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
