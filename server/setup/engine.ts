/** A container engine for `npm start`: the one that runs, else the one that is installed, else Debian's Docker. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { EngineCapabilities } from '../src/adapters/engine/contract.ts';
import { demandEngine, type EngineKind, type FoundEngine, findEngine } from '../src/adapters/engine/find.ts';
import { installPackages } from '../src/platform/apt.ts';
import { runCommand } from '../src/platform/exec.ts';
import { poll } from '../src/platform/wait.ts';
import { startDaemon } from './daemon.ts';

export interface EngineSettings {
  /** Folder of the installation; the log of an engine that we start goes there. */
  home: string;
  /** `DOCKER_HOST` and `XDG_RUNTIME_DIR` are looked at. */
  env: Record<string, string | undefined>;
  /** The one that is wanted; whichever there is when not given. */
  kind?: EngineKind;
}

const podmanSocket = '/run/podman/podman.sock';

/** An engine that is installed, and how it is started. */
interface Startable {
  kind: EngineKind;
  title: string;
  program: string;
  args: readonly string[];
  /** What systemd starts, now and at every boot. */
  units: readonly [string, ...string[]];
  /** Made before it is started without systemd. */
  folders: readonly string[];
}

/**
 * Apps outlive a restart of a dockerd that we start, and what a container prints can't fill the disk even where
 * somebody starts one without our limits.
 */
const docker: Startable = {
  kind: 'docker',
  title: 'Docker',
  program: 'dockerd',
  args: ['--live-restore', ...['--log-driver', 'json-file', '--log-opt', 'max-size=10m', '--log-opt', 'max-file=3']],
  units: ['docker'],
  folders: [],
};

/** Podman has no daemon: the second unit starts after a boot what should always run. */
const podman: Startable = {
  kind: 'podman',
  title: 'Podman',
  program: 'podman',
  args: ['system', 'service', '--time=0', `unix://${podmanSocket}`],
  units: ['podman.socket', 'podman-restart.service'],
  folders: [path.dirname(podmanSocket)],
};

const startable: readonly Startable[] = [docker, podman];

const startDeadlineMs = 60_000;

/**
 * Finds an engine that answers, of the wanted kind if one is; else starts the one that is installed, or installs and
 * starts Debian's Docker when this is root on Debian or Ubuntu. Throws `engine_unreachable` with what to do.
 */
export async function ensureEngine(settings: EngineSettings, say: (line: string) => void): Promise<FoundEngine> {
  const { env, kind } = settings;
  // What somebody named is taken, or told; nothing is started in its place.
  if (env.DOCKER_HOST) return demandEngine(env, kind);
  const found = await findEngine(env, kind);
  if (found) return found;
  const root = process.getuid?.() === 0;
  const installed = await firstOnPath(startable.filter((engine) => kind === undefined || engine.kind === kind));
  if (installed && !root)
    throw notReached(
      `${installed.title} is installed and does not run.`,
      `Start it: sudo systemctl start ${installed.units[0]}`,
    );
  if (!installed) {
    if (kind === 'podman')
      throw notReached(
        'Podman is not installed.',
        'Install it (apt-get install podman), or leave --engine podman out.',
      );
    if (!root)
      throw notReached(
        'No engine runs, and installing one takes root.',
        'Run npm start as root, or install Docker or Podman.',
      );
    if (!(await onPath('apt-get'))) {
      throw notReached(
        'No engine runs, and only on Debian and Ubuntu is one installed.',
        'Install Docker or Podman, start it, and try again.',
      );
    }
    await installDocker(say);
    // Installing starts it where systemd runs.
    const running = await poll(() => findEngine(env, 'docker'), { firstMs: 200, mostMs: 500, deadlineMs: 5_000 });
    if (running) return running;
  }
  return startEngine(installed ?? docker, settings, say);
}

/**
 * Throws `not_available` for an engine whose containers the proxy could not reach: Docker or Podman without root, or in
 * a virtual machine of its own.
 */
export function demandReachable(socketPath: string, capabilities: EngineCapabilities): void {
  if (capabilities.reachableAddresses && capabilities.hostNetwork) return;
  throw new ProblemError({
    code: 'not_available',
    what: 'Minicloud can’t run on this engine',
    object: `engine at ${socketPath}`,
    why: 'It runs without root or in a virtual machine: this machine reaches none of its containers, and the proxy can’t have the network of the machine.',
    still: 'Nothing was changed.',
    remedy: 'Run npm start as root, with Docker or Podman of the system.',
  });
}

async function installDocker(say: (line: string) => void): Promise<void> {
  const names = ['docker.io', 'iptables', 'ca-certificates'];
  say(`no container engine runs here: installing Debian's (${names.join(', ')})`);
  const onLine = (line: string) => {
    if (/^(Get:|Setting up|Unpacking|E:|W:)/.test(line)) say(`  ${line}`);
  };
  try {
    await installPackages(names, { say, onLine });
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    throw notReached(
      `apt-get could not install docker.io: ${error.problem.why}`,
      'Install Docker or Podman by hand, start it, and try again.',
    );
  }
}

async function startEngine(
  { kind, title, program, args, units, folders }: Startable,
  { home, env }: EngineSettings,
  say: (line: string) => void,
): Promise<FoundEngine> {
  const systemd = await runCommand(['systemctl', 'is-system-running'], { timeoutMs: 10_000 }).catch(() => undefined);
  const booted = systemd !== undefined && /^(running|degraded|starting|initializing|maintenance)/.test(systemd.stdout);
  const log = path.join(home, `log/${program}.log`);
  if (booted) {
    say(`starting ${title} by systemd`);
    await runCommand(['systemctl', 'enable', '--now', ...units], { timeoutMs: startDeadlineMs });
  } else {
    say(`starting ${title} (${program}); its log is ${log}`);
    for (const folder of [path.dirname(log), ...folders]) await mkdir(folder, { recursive: true });
    await startDaemon(program, args, log);
  }
  const answered = await poll(() => findEngine(env, kind), { firstMs: 100, mostMs: 500, deadlineMs: startDeadlineMs });
  if (answered) return answered;
  const where = booted ? `journalctl -u ${units[0]}` : log;
  throw notReached(`${title} was started and did not answer within ${startDeadlineMs / 1000} s.`, `Look at ${where}.`);
}

async function firstOnPath(engines: readonly Startable[]): Promise<Startable | undefined> {
  for (const engine of engines) if (await onPath(engine.program)) return engine;
  return undefined;
}

async function onPath(program: string): Promise<boolean> {
  const found = await runCommand(['which', program], { timeoutMs: 10_000 }).catch(() => undefined);
  return found?.exitCode === 0;
}

function notReached(why: string, remedy: string): ProblemError {
  return new ProblemError({
    code: 'engine_unreachable',
    what: 'No container engine could be reached',
    object: 'engine',
    why,
    remedy,
  });
}
