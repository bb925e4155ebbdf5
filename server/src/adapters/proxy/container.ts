/** The proxy's container: its files on the machine, its spec, and seeing that it runs. */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ProblemError } from 'minicloud-shared/model/problem';
import { makeFolder, readFileIfThere, writeFileAtomic } from '../../platform/atomic-file.ts';
import { sleep } from '../../platform/wait.ts';
import type { ContainerInfo, ContainerSpec, Engine } from '../engine/contract.ts';
import { type ConfigFiles, configMount, type ProxySettings, renderConfig } from './config.ts';
import type { Control } from './control.ts';
import { portHolder } from './ports.ts';

/** Folders of the proxy under an installation's home; all of them for their owner only. */
export interface ProxyHome {
  conf: string;
  state: string;
  run: string;
  socket: string;
  assets: string;
}

const specLabel = 'minicloud.proxy.spec';
const startMs = 30_000;
const pollMs = 25;
/** `sun_path` of the kernel, less its end mark. */
const longestSocketPath = 107;

export function containerName(installation: string): string {
  return `minicloud-proxy-${installation}`;
}

/** `invalid_input` when the folder's name is too long for a socket in it. */
export function proxyHome(home: string, assets: string): ProxyHome {
  const run = join(home, 'proxy', 'run');
  const socket = join(run, 'control.sock');
  if (Buffer.byteLength(socket) > longestSocketPath) {
    throw new ProblemError({
      code: 'invalid_input',
      what: 'The proxy can’t use this home folder',
      object: `folder ${home}`,
      why: `The control socket would be ${socket}, longer than the ${longestSocketPath} bytes that the kernel takes.`,
      remedy: 'Choose a home folder with a shorter path.',
    });
  }
  return { conf: join(home, 'proxy', 'conf'), state: join(home, 'proxy', 'state'), run, socket, assets };
}

interface EnsureOptions {
  engine: Engine;
  home: ProxyHome;
  settings: ProxySettings;
  image: () => Promise<string>;
  control: Control;
  signal?: AbortSignal;
}

/** Leaves a proxy that runs as it should alone; starts or replaces any other. `port_taken`, `proxy_failed`. */
export async function ensureContainer(options: EnsureOptions): Promise<void> {
  const { engine, home, settings, signal } = options;
  if (!engine.capabilities.hostNetwork) throw noHostNetwork();
  const { name: configName, files } = await renderConfig(home.assets, settings, await hasIpv6());
  const spec = proxySpec(engine.installation, home, configName, await options.image());
  const existing = await engine.inspectContainer(spec.name, { signal });
  if (existing?.state === 'running' && existing.labels[specLabel] === spec.labels[specLabel]) {
    return await untilAnswers(options, spec.name);
  }
  await writeFiles(home, configName, files);
  const kept = existing !== undefined && existing.labels[specLabel] === spec.labels[specLabel];
  // One that restarts over and over may hold its ports at this moment; it is told from others by stopping it first.
  if (existing) await engine.stopContainer(spec.name, 5, { signal });
  if (existing && !kept) await engine.removeContainer(spec.name, { signal });
  try {
    await demandFreePorts(settings);
  } catch (error) {
    // Left to the engine to try on: the port may be free again before the companion looks again.
    if (kept) await engine.startContainer(spec.name, { signal });
    throw error;
  }
  await engine.createContainer(spec, { signal });
  await engine.startContainer(spec.name, { signal });
  await untilAnswers(options, spec.name);
  await removeOldFiles(home, configName);
}

function proxySpec(installation: string, home: ProxyHome, configName: string, image: string): ContainerSpec {
  const spec: ContainerSpec = {
    name: containerName(installation),
    image,
    labels: { 'minicloud.platform': 'proxy' },
    entrypoint: ['/bin/sh', `${configMount}/${configName}/start.sh`, `${configMount}/${configName}`],
    command: [],
    env: {},
    network: 'host',
    volumes: [],
    binds: [
      { source: home.conf, path: configMount, readOnly: true },
      { source: home.state, path: '/minicloud/state' },
      { source: home.run, path: '/minicloud/run' },
    ],
    user: '0',
    readOnly: true,
    restart: 'always',
    stopTimeoutSeconds: 10,
  };
  const hash = createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 32);
  return { ...spec, labels: { ...spec.labels, [specLabel]: hash } };
}

async function writeFiles(home: ProxyHome, configName: string, files: ConfigFiles): Promise<void> {
  // Workers read Lua as another user; secrets in here are files of their own mode.
  await makeFolder(home.conf, 0o755);
  await makeFolder(home.run, 0o700);
  await makeFolder(home.state, 0o700);
  await writeThrowaway(home.conf);
  await readProbeSecret(home);
  const folder = join(home.conf, configName);
  for (const at of [folder, join(folder, 'lua'), join(folder, 'lua', 'minicloud')]) await makeFolder(at, 0o755);
  for (const [name, text] of files) {
    const path = join(folder, name);
    if ((await readFileIfThere(path)) !== text) await writeFileAtomic(path, text, 0o644);
  }
}

async function writeThrowaway(folder: string): Promise<void> {
  const paths = { certificate: join(folder, 'throwaway.pem'), key: join(folder, 'throwaway.key') };
  if ((await readFileIfThere(paths.certificate)) && (await readFileIfThere(paths.key))) return;
  // Needed once in the life of an installation, and large.
  const { makeThrowaway } = await import('./throwaway.ts');
  const { certificatePem, keyPem } = await makeThrowaway(Date.now());
  await writeFileAtomic(paths.key, keyPem, 0o600);
  await writeFileAtomic(paths.certificate, certificatePem, 0o644);
}

/**
 * What the companion proves itself by when it asks the proxy as a visitor would; made on first use.
 * Whoever knows it can choose among the targets of a route and see their addresses, no more.
 */
export async function readProbeSecret(home: ProxyHome): Promise<string> {
  const path = join(home.conf, 'probe.conf');
  const known = /"([0-9a-f]{48})" 1;/.exec((await readFileIfThere(path)) ?? '')?.[1];
  if (known) return known;
  const secret = randomBytes(24).toString('hex');
  await makeFolder(home.conf, 0o755);
  const map = `map $http_x_minicloud_probe $minicloud_probe {\n    default "";\n    "${secret}" 1;\n}\n`;
  await writeFileAtomic(path, map, 0o600);
  return secret;
}

async function removeOldFiles(home: ProxyHome, configName: string): Promise<void> {
  for (const entry of await readdir(home.conf, { withFileTypes: true })) {
    if (entry.isDirectory() && entry.name !== configName) {
      await rm(join(home.conf, entry.name), { recursive: true, force: true });
    }
  }
}

/** Until the control socket answers; tells why when it never does. */
async function untilAnswers(options: EnsureOptions, name: string): Promise<void> {
  const { engine, control, settings, signal } = options;
  const end = performance.now() + startMs;
  const answers = () =>
    control.status({ signal }).then(
      () => true,
      () => false,
    );
  let restartsBefore: number | undefined;
  for (let looks = 1; !(await answers()); looks += 1) {
    signal?.throwIfAborted();
    const late = performance.now() > end;
    // The container is looked at now and then: an nginx that can't start is not waited for.
    if (looks % 20 === 0 || late) {
      const container = await engine.inspectContainer(name, { signal });
      restartsBefore ??= container?.restarts ?? 0;
      const evidence = await lastLines(engine, name, signal);
      if (await answers()) return;
      if (evidence.some((line) => /bind\(\) to .* failed \(98/.test(line))) await demandFreePorts(settings);
      if (late || !container || container.restarts > restartsBefore + 1) throw notStarted(container, evidence);
    }
    await sleep(pollMs, signal);
  }
}

async function lastLines(engine: Engine, name: string, signal?: AbortSignal): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of engine.logs(name, { tail: 20, signal })) lines.push(line.text);
  return lines;
}

async function demandFreePorts({ httpPort, httpsPort, bindAddress }: ProxySettings): Promise<void> {
  for (const port of [httpPort, httpsPort]) {
    const holder = await portHolder(port, bindAddress);
    if (!holder) continue;
    throw new ProblemError({
      code: 'port_taken',
      what: 'The proxy can’t listen',
      object: `port ${port}`,
      why: holder.program
        ? `Process ${holder.pid} (${holder.program}) listens on port ${port} already.`
        : `Another program listens on port ${port} already.`,
      remedy: `Stop that program, or give Minicloud another port in its settings.`,
    });
  }
}

async function hasIpv6(): Promise<boolean> {
  return ((await readFileIfThere('/proc/net/if_inet6')) ?? '') !== '';
}

function notStarted(container: ContainerInfo | undefined, evidence: string[]): ProblemError {
  return new ProblemError({
    code: 'proxy_failed',
    what: 'The proxy does not start',
    object: 'proxy',
    why: container
      ? `Its container is ${container.state} after ${container.restarts} restarts${container.error ? `: ${container.error}` : '.'}`
      : 'Its container is gone.',
    remedy: 'Read the last lines of its log below; the companion tries again by itself.',
    evidence,
  });
}

function noHostNetwork(): ProblemError {
  return new ProblemError({
    code: 'not_available',
    what: 'The proxy can’t run on this engine',
    object: 'proxy',
    why: 'The engine can’t give a container the network of the machine.',
    remedy: 'Use an engine that runs as root on Linux.',
  });
}
