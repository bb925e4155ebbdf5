/**
 * Processes of containers as this machine sees them. The engine offers no way to end a program that it started in a
 * container, so it is done by the machine: only what the kernel says belongs to that container is ever touched.
 */
import { readdir, readFile } from 'node:fs/promises';
import { poll } from '../../platform/wait.ts';

interface HostProcess {
  pid: number;
  /** Clock ticks since boot at its start: tells it from a later process of the same number. */
  started: string;
}

/** Time to put things in order after the hang-up, milliseconds. */
const graceMs = 2_000;
const goneMs = 3_000;

/**
 * Ends the process and all below it: SIGHUP, then SIGKILL. False when the process can not be seen from here or may not
 * be ended, as with an engine on another machine.
 */
export async function hangUp(options: {
  pid: number;
  /** Id of the container that it must belong to. */
  container: string;
  ended: () => Promise<boolean>;
}): Promise<boolean> {
  const { pid, container, ended } = options;
  if (pid <= 1 || !(await belongsTo(pid, container))) return (await ended()) || false;
  const tree = await withDescendants(pid);
  const signalAll = async (signal: NodeJS.Signals) => {
    for (const each of tree) if ((await alive(each)) && (await belongsTo(each.pid, container))) send(each.pid, signal);
  };
  const gone = async () => ((await Promise.all(tree.map(alive))).some(Boolean) ? undefined : true);
  try {
    await signalAll('SIGHUP');
    // A stopped one would not notice.
    await signalAll('SIGCONT');
    if (await poll(gone, { firstMs: 20, mostMs: 100, deadlineMs: graceMs })) return true;
    await signalAll('SIGKILL');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPERM') return false;
    throw error;
  }
  return (await poll(gone, { firstMs: 20, mostMs: 100, deadlineMs: goneMs })) ?? false;
}

/** Folders of a process's control groups, by controller; `''` is the unified hierarchy. Empty when it can't be seen. */
export async function cgroupsOf(pid: number): Promise<Map<string, string>> {
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  const lines = text.split('\n').flatMap((line) => {
    const [, controllers, folder] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return controllers === undefined || folder === undefined ? [] : [[controllers, folder] as const];
  });
  return new Map(lines);
}

async function belongsTo(pid: number, container: string): Promise<boolean> {
  return [...(await cgroupsOf(pid)).values()].some((folder) => folder.includes(container));
}

async function withDescendants(root: number): Promise<HostProcess[]> {
  const children = new Map<number, HostProcess[]>();
  let first: HostProcess | undefined;
  for (const name of await readdir('/proc')) {
    const stat = /^\d+$/.test(name) ? await statOf(Number(name)) : undefined;
    if (!stat) continue;
    const found = { pid: Number(name), started: stat.started };
    if (found.pid === root) first = found;
    children.set(stat.parent, [...(children.get(stat.parent) ?? []), found]);
  }
  const tree = first ? [first] : [];
  for (const each of tree) tree.push(...(children.get(each.pid) ?? []));
  return tree;
}

/** Fields of `/proc/PID/stat` (proc_pid_stat(5)); the name in parentheses may hold anything. */
async function statOf(pid: number): Promise<{ state: string; parent: number; started: string } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent = ''] = fields;
  return text === '' ? undefined : { state, parent: Number(parent), started: fields[19] ?? '' };
}

async function alive({ pid, started }: HostProcess): Promise<boolean> {
  const stat = await statOf(pid);
  return stat !== undefined && stat.started === started && stat.state !== 'Z' && stat.state !== 'X';
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
