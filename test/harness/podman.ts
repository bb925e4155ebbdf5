/**
 * A Podman for tests alone: its service in a network namespace of its own, with its own folders, locks, networks and
 * configuration, so that containers of the machine are never met. Its images persist between runs.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  cacheFolder,
  emptyEngine,
  mountsUnder,
  needRoot,
  stopDaemon,
  type TestEngine,
  takeIndex,
  untilAnswers,
} from './engine.ts';
import { createNamespace, kill, type Namespace, removeNamespace } from './netns.ts';
import { run } from './process.ts';

/** Starts Podman's service under the first index that no other run holds. Needs root. */
export async function startTestPodman(say: (line: string) => void): Promise<TestEngine> {
  needRoot();
  const { index, lock } = await takeIndex();
  const at = layout(index);
  await sweep(index);
  try {
    const namespace = await createNamespace(index);
    const service = startService(index, namespace);
    await untilAnswers(at, service);
    await emptyEngine(at.socket);
    say(`Podman of its own: ${at.socket} in network namespace ${namespace.name}`);
    return {
      socket: at.socket,
      namespace,
      async close() {
        await stopDaemon(service);
        await sweep(index);
        lock.close();
      },
    };
  } catch (error) {
    await sweep(index);
    lock.close();
    throw error;
  }
}

function layout(index: number) {
  const state = `/run/minicloud-test/${index}-podman`;
  const data = path.join(cacheFolder(), `podman-${index}`);
  return {
    state,
    data,
    socket: `${state}/podman.sock`,
    configuration: `${state}/containers.conf`,
    log: path.join(cacheFolder(), `podman-${index}.log`),
    /** The very program that containers call when they end: always with these folders. */
    podman: ['podman', '--root', data, '--runroot', `${state}/run`, '--tmpdir', `${state}/tmp`],
  };
}

/** `lock_type`: locks in shared memory would be one set for all Podmans of the machine. */
function configurationOf(index: number): string {
  const { state } = layout(index);
  return [
    '[containers]',
    // More than the process has is refused by the kernel of some machines.
    'default_ulimits = []',
    '[network]',
    `network_config_dir = "${state}/networks"`,
    'network_backend = "netavark"',
    '[engine]',
    // crun refuses the control groups of some virtual machines.
    'runtime = "runc"',
    'cgroup_manager = "cgroupfs"',
    'events_logger = "file"',
    'lock_type = "file"',
    '',
  ].join('\n');
}

function environmentOf(index: number): NodeJS.ProcessEnv {
  return {
    ...process.env,
    CONTAINERS_CONF: layout(index).configuration,
    PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`,
  };
}

function startService(index: number, namespace: Namespace) {
  const at = layout(index);
  for (const folder of [at.state, at.data, `${at.state}/networks`]) mkdirSync(folder, { recursive: true });
  writeFileSync(at.configuration, configurationOf(index));
  const log = openSync(at.log, 'w');
  const service = ['system', 'service', '--time=0', `unix://${at.socket}`];
  const [file = '', ...args] = [...namespace.enter, ...at.podman, ...service];
  const child = spawn(file, args, {
    cwd: at.state,
    env: environmentOf(index),
    stdio: ['ignore', log, log],
    detached: true,
  });
  child.on('error', () => {});
  child.unref();
  closeSync(log);
  return child;
}

/** Takes away what a run with this index left behind, however it ended. Holding the index is what makes it ours. */
async function sweep(index: number): Promise<void> {
  const at = layout(index);
  for (let round = 0; round < 30; round++) {
    const { own, children } = processesOf(at.state);
    if (own.length + children.length === 0) break;
    // Containers at once: without the helper above them nothing would tell that they are ours.
    for (const pid of children) kill(pid, 'SIGKILL');
    for (const pid of own) kill(pid, round < 3 ? 'SIGTERM' : 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // Containers are told by the store, which knows nothing of the machine having been started again: `--force` alone.
  rmSync(at.socket, { force: true });
  for (const mount of mountsUnder([at.state, at.data])) await run(['umount', '-l', mount], { timeoutMs: 10_000 });
  await removeNamespace(index);
  rmSync(at.state, { recursive: true, force: true });
}

/** Podman, conmon and what they started with our state folder: the containers' first processes are conmon's children. */
function processesOf(state: string): { own: number[]; children: number[] } {
  const all = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
  const own = all.filter((pid) => read(`/proc/${pid}/cmdline`).includes(`${state}/`) && pid !== process.pid);
  return { own, children: all.filter((pid) => own.includes(parentOf(pid))) };
}

function parentOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
