/**
 * A Podman for tests alone: its service in a network namespace of its own, with its own folders, locks, networks and
 * configuration, so that containers of the machine are never met. Its images persist between runs.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder, type EngineRecipe, startOwnEngine, type TestEngine } from './engine.ts';
import { kill } from './netns.ts';

/** See {@link startOwnEngine}. */
export const startTestPodman = (say: (line: string) => void): Promise<TestEngine> => startOwnEngine(podman, say);

const podman: EngineRecipe = {
  title: 'Podman',
  layout,
  service(index) {
    const at = layout(index);
    mkdirSync(`${at.state}/networks`, { recursive: true });
    writeFileSync(at.configuration, configurationOf(index));
    const alone = [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      path.join(import.meta.dirname, 'own-run.sh'),
    ];
    const service = [...at.podman, 'system', 'service', '--time=0', `unix://${at.socket}`];
    return {
      argv: [...alone, `${at.state}/containers`, ...service],
      env: { CONTAINERS_CONF: at.configuration },
    };
  },
  async endProcesses(index) {
    const at = layout(index);
    for (let round = 0; round < 30; round++) {
      const { own, children } = processesOf(at.state);
      if (own.length + children.length === 0) break;
      // Containers at once: without the helper above them nothing would tell that they are ours.
      for (const pid of children) kill(pid, 'SIGKILL');
      for (const pid of own) kill(pid, round < 3 ? 'SIGTERM' : 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  },
};

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
