/** Docker for tests: dockerd with its own folders, bridge and control group. */
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder, type EngineRecipe, startOwnEngine, type TestEngine } from './engine.ts';
import { bridgeAddress, kill } from './netns.ts';

/** See {@link startOwnEngine}. */
export const startTestDocker = (say: (line: string) => void): Promise<TestEngine> => startOwnEngine(docker, say);

const docker: EngineRecipe = {
  title: 'Docker engine',
  layout,
  service(index) {
    const at = layout(index);
    const argv = [
      'dockerd',
      ...['--data-root', at.data, '--exec-root', at.exec, '--pidfile', at.pid],
      ...['-H', `unix://${at.socket}`, '--bip', bridgeAddress(index)],
      ...['--cgroup-parent', `/${at.cgroup}`, '--exec-opt', 'native.cgroupdriver=cgroupfs'],
    ];
    return { argv };
  },
  async endProcesses(index) {
    const at = layout(index);
    for (let round = 0; round < 50; round++) {
      const pids = [...processesOf(at.cgroup), ...daemonsOf(at.state)];
      if (pids.length === 0) break;
      // The daemon first gets the chance to end in order; what it left is ended after it.
      for (const pid of pids) kill(pid, round < 20 ? 'SIGTERM' : 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    removeCgroups(at.cgroup);
  },
};

function layout(index: number) {
  const state = `/run/minicloud-test/${index}`;
  return {
    state,
    socket: `${state}/docker.sock`,
    exec: `${state}/exec`,
    pid: `${state}/pid`,
    data: path.join(cacheFolder(), `engine-${index}`),
    log: path.join(cacheFolder(), `engine-${index}.log`),
    cgroup: `minicloud-test-${index}`,
  };
}

/** Folders of a control group in every hierarchy, innermost first. */
function cgroupFolders(name: string): string[] {
  const base = '/sys/fs/cgroup';
  if (!existsSync(base)) return [];
  const roots = [base, ...readdirSync(base).map((entry) => path.join(base, entry))].map((folder) =>
    path.join(folder, name),
  );
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) walk(path.join(folder, entry.name));
    }
    found.push(folder);
  };
  for (const root of roots) if (existsSync(root)) walk(root);
  return found;
}

function processesOf(cgroup: string): number[] {
  const pids = cgroupFolders(cgroup).flatMap((folder) => {
    const file = path.join(folder, 'cgroup.procs');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number) : [];
  });
  return [...new Set(pids)];
}

function removeCgroups(name: string): void {
  for (const folder of cgroupFolders(name)) {
    try {
      rmdirSync(folder);
    } catch {
      // Still in use: the next run sweeps it.
    }
  }
}

/** dockerd, containerd and its shims that were started with our state folder. */
function daemonsOf(state: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        const program = path.basename(argv[0] ?? '');
        return (
          (program === 'dockerd' || program.startsWith('containerd')) && argv.some((word) => word.includes(`${state}/`))
        );
      } catch {
        return false;
      }
    });
}
