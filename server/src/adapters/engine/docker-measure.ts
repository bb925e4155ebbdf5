/** What containers use, read from the machine's control groups where they can be seen: no question to the engine. */
import { readFile } from 'node:fs/promises';
import type { CallOptions, ContainerStats, Engine } from './contract.ts';
import { containerInfo } from './docker-answers.ts';
import type { ContainerGuard } from './docker-containers.ts';
import { cgroupsOf } from './host-processes.ts';

const root = '/sys/fs/cgroup';
/** At most so many containers are measured side by side. */
const width = 16;

/** Reads one container; undefined when its files are gone. */
type Reader = () => Promise<ContainerStats | undefined>;

export function measureCalls(guard: ContainerGuard, stats: Engine['stats']): Pick<Engine, 'measure'> {
  let readers = new Map<string, Reader>();

  async function readerOf(id: string, options: CallOptions | undefined): Promise<Reader | undefined> {
    const info = containerInfo(await guard(id, options));
    if (info.state !== 'running') return undefined;
    const cgroups = info.pid === undefined ? new Map<string, string>() : await cgroupsOf(info.pid);
    const reader = fileReader(cgroups, info.id);
    if (reader && (await reader())) return reader;
    // Elsewhere, or not for us to see: the engine is asked.
    return () => stats(id, options).catch(() => undefined);
  }

  async function measureOne(
    id: string,
    options: CallOptions | undefined,
  ): Promise<[Reader, ContainerStats] | undefined> {
    const known = readers.get(id);
    const before = await known?.();
    if (known && before) return [known, before];
    const reader = await readerOf(id, options).catch(() => undefined);
    const now = await reader?.();
    return reader && now && [reader, now];
  }

  return {
    async measure(containers, options) {
      const found = new Map<string, ContainerStats>();
      const next = new Map<string, Reader>();
      const waiting = [...containers];
      const work = async () => {
        for (let id = waiting.pop(); id !== undefined && !options?.signal?.aborted; id = waiting.pop()) {
          const measured = await measureOne(id, options);
          if (!measured) continue;
          next.set(id, measured[0]);
          found.set(id, measured[1]);
        }
      };
      await Promise.all(Array.from({ length: Math.min(width, waiting.length) }, work));
      // Those of containers that are gone are forgotten; those that were not asked for this time stay.
      readers = containers.length >= readers.size ? next : new Map([...readers, ...next]);
      return found;
    },
  };
}

function fileReader(cgroups: Map<string, string>, container: string): Reader | undefined {
  const folder = (controller: string): string | undefined => {
    const [controllers, path] = [...cgroups].find(([names]) => names.split(',').includes(controller)) ?? [];
    return path?.includes(container) ? `${root}/${controllers}${path}` : undefined;
  };
  const [memory, cpu, pids] = [folder('memory'), folder('cpuacct'), folder('pids')];
  if (memory && cpu && pids) return () => readFirst(memory, cpu, pids);
  const unified = cgroups.get('');
  return unified?.includes(container) ? () => readUnified(`${root}${unified}`) : undefined;
}

/** Control groups version 1: a hierarchy for each controller. */
async function readFirst(memory: string, cpu: string, pids: string): Promise<ContainerStats | undefined> {
  const [usage, limit, stat, nanoseconds, count] = await all([
    `${memory}/memory.usage_in_bytes`,
    `${memory}/memory.limit_in_bytes`,
    `${memory}/memory.stat`,
    `${cpu}/cpuacct.usage`,
    `${pids}/pids.current`,
  ]);
  if (usage === undefined || nanoseconds === undefined) return undefined;
  return {
    memoryBytes: Math.max(0, Number(usage) - field(stat, 'total_inactive_file')),
    memoryLimitBytes: limitOf(limit),
    cpuNanoseconds: Number(nanoseconds),
    pids: Number(count ?? 0),
  };
}

/** Version 2: one hierarchy. */
async function readUnified(folder: string): Promise<ContainerStats | undefined> {
  const [current, max, stat, cpu, count] = await all([
    `${folder}/memory.current`,
    `${folder}/memory.max`,
    `${folder}/memory.stat`,
    `${folder}/cpu.stat`,
    `${folder}/pids.current`,
  ]);
  if (current === undefined || cpu === undefined) return undefined;
  return {
    memoryBytes: Math.max(0, Number(current) - field(stat, 'inactive_file')),
    memoryLimitBytes: limitOf(max),
    cpuNanoseconds: field(cpu, 'usage_usec') * 1000,
    pids: Number(count ?? 0),
  };
}

/** What the kernel writes for "no limit" is larger than any machine, or `max`. */
function limitOf(text: string | undefined): number {
  const value = Number(text);
  return Number.isFinite(value) && value < 2 ** 53 ? value : 0;
}

function field(text: string | undefined, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text ?? '')?.[1] ?? 0);
}

function all(files: string[]): Promise<(string | undefined)[]> {
  return Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => undefined)));
}
