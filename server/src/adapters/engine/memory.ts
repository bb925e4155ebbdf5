/** The engine port in memory: same answers, no containers. For tests and for trying Minicloud out without an engine. */
import { abortReason } from '../../platform/wait.ts';
import { containerLabels, containerOptions, ownLabels } from './baseline.ts';
import {
  type CallOptions,
  type ContainerInfo,
  type ContainerSpec,
  type Engine,
  type EngineCapabilities,
  type EngineLogLine,
  type ImageInfo,
  installationLabel,
  type Labels,
  specHash,
  specLabel,
} from './contract.ts';
import { dockerProblem } from './docker-problems.ts';
import { memoryEvents } from './memory-events.ts';
import { addImage, memoryImages, memoryPlatform, type SeedImage } from './memory-images.ts';
import { memoryLive } from './memory-live.ts';
import {
  acquire,
  addContainer,
  addNetwork,
  attach,
  type Behaviour,
  candidates,
  changed,
  createMemoryWorld,
  detach,
  dropContainer,
  emit,
  type MemoryContainer,
  type MemoryWorld,
  print,
  release,
} from './memory-world.ts';
import { conflict, foreign, imageMissing, notFound } from './problems.ts';

export interface MemoryEngineOptions {
  installation: string;
  /** The machine; a new one unless it is given. */
  world?: MemoryWorld;
  /** Any name can be pulled, whether it was seeded or not. */
  acceptAnyImage?: boolean;
  /** Scripts what a container does when it starts. */
  behaviour?: (spec: ContainerSpec) => Behaviour;
}

export interface MemoryEngine extends Engine {
  readonly world: MemoryWorld;
  /** Makes an image that can be pulled. The same name again, with other content, moves the name. */
  seedImage(reference: string, image?: SeedImage): ImageInfo;
  /** Ends a running container as if its program had ended. */
  exitContainer(container: string, exitCode: number): void;
  /** Adds to the log of a container. */
  printLog(container: string, text: string, stream?: 'stdout' | 'stderr'): void;
  /** True when a running container that is healthy has this address. What a test's health probe asks. */
  answers(address: string): boolean;
}

/** What Docker can; a copy for each engine. */
export const memoryCapabilities: EngineCapabilities = {
  reachableAddresses: true,
  hostNetwork: true,
  memoryLimits: true,
  resolverAtGateway: false,
  tellsBuiltImages: true,
  tellsStoppedAddresses: true,
};
const stoppedExitCode = 143;
const firstRestartMs = 100;
const longestRestartMs = 60_000;

export function createMemoryEngine(options: MemoryEngineOptions): MemoryEngine {
  const { installation, world = createMemoryWorld() } = options;
  const capabilities = { ...memoryCapabilities };
  const behaviour = (spec: ContainerSpec): Behaviour => options.behaviour?.(spec) ?? {};

  async function enter(call: keyof Engine, object: string, callOptions?: CallOptions): Promise<void> {
    if (callOptions?.signal?.aborted) throw abortReason(callOptions.signal);
    await world.intercept?.(call, object);
  }
  const find = (name: string): MemoryContainer | undefined => {
    const found = world.names.get(name) ?? world.containers.get(name);
    if (found && found.labels[installationLabel] !== installation) throw foreign(`container ${name}`);
    return found;
  };
  const guard = (name: string): MemoryContainer => {
    const found = find(name);
    if (!found) throw notFound(`container ${name}`);
    return found;
  };
  const guardNetwork = (name: string) => {
    const found = world.networks.get(name);
    if (!found) throw notFound(`network ${name}`);
    if (found.labels[installationLabel] !== installation) throw foreign(`network ${name}`);
    return found;
  };
  const accept = (object: string, found: Labels, wanted: Labels) => {
    if (found[installationLabel] !== installation) throw foreign(object);
    const other = Object.keys(wanted).find((key) => key in found && found[key] !== wanted[key]);
    if (other) throw conflict(object, `Its label ${other} is "${found[other]}" and not "${wanted[other]}".`);
  };

  function run(container: MemoryContainer): void {
    const does = behaviour(container.spec);
    if (does.startError) {
      container.error = does.startError;
      const attempt = { verb: 'start the container', object: `container ${container.spec.name}` };
      throw dockerProblem(new Error(does.startError), attempt);
    }
    acquire(world, container);
    container.state = 'running';
    container.startedAt = Date.now();
    delete container.exitCode;
    delete container.error;
    emit(world, container, 'start');
    print(container, 'stdout', does.logs ?? []);
    print(container, 'stderr', does.errors ?? []);
    const { exitCode, oom } = does;
    if (exitCode === undefined && !oom) return;
    container.timer = setTimeout(() => end(container, exitCode ?? 137, { oom, again: true }), does.exitAfterMs ?? 0);
  }

  function end(container: MemoryContainer, exitCode: number, how: { oom?: boolean; again?: boolean } = {}): void {
    clearTimeout(container.timer);
    if (container.state !== 'running') return;
    release(world, container);
    container.state = 'exited';
    container.exitCode = exitCode;
    container.finishedAt = Date.now();
    container.oomKilled = how.oom ?? false;
    if (how.oom) emit(world, container, 'oom');
    emit(world, container, 'die', exitCode);
    if (how.again && container.spec.restart === 'always') {
      container.state = 'restarting';
      const wait = Math.min(firstRestartMs * 2 ** container.restarts, longestRestartMs);
      container.restarts += 1;
      container.timer = setTimeout(() => runAgain(container), wait).unref();
    }
    changed(container);
  }

  function runAgain(container: MemoryContainer): void {
    try {
      run(container);
    } catch (error) {
      // Nobody asked for this start, so nobody can be told but by the container itself.
      container.state = 'exited';
      container.error = error instanceof Error ? error.message : String(error);
      changed(container);
    }
  }

  function stop(container: MemoryContainer): void {
    clearTimeout(container.timer);
    if (container.state === 'restarting') container.state = 'exited';
    if (container.state === 'running') end(container, stoppedExitCode);
  }

  return {
    installation,
    capabilities,
    platform: memoryPlatform,
    world,
    async info(callOptions) {
      await enter('info', 'engine', callOptions);
      const machine = { ...memoryPlatform, memoryBytes: 8 * 1024 ** 3, cpus: 4 };
      return { kind: 'memory', version: '1', ...machine };
    },
    ...memoryImages(world, { acceptAnyImage: options.acceptAnyImage ?? false, enter }),

    async ensureNetwork({ name, subnet, range, labels }, callOptions) {
      await enter('ensureNetwork', name, callOptions);
      const object = `network ${name}`;
      const found = world.networks.get(name);
      if (!found) {
        addNetwork(world, name, subnet, range, { ...labels, [installationLabel]: installation });
        return;
      }
      accept(object, found.labels, labels);
      if (found.subnet !== subnet) throw conflict(object, `It has the addresses ${found.subnet} and not ${subnet}.`);
    },
    async removeNetwork(name, callOptions) {
      await enter('removeNetwork', name, callOptions);
      const found = world.networks.get(name);
      if (!found) return;
      accept(`network ${name}`, found.labels, {});
      const used = [...found.members].some((id) => world.containers.get(id)?.state === 'running');
      if (used) throw conflict(`network ${name}`, 'Containers are connected to it.');
      world.networks.delete(name);
    },
    async listNetworks(callOptions) {
      await enter('listNetworks', 'networks', callOptions);
      const ours = [...world.networks.values()].filter(({ labels }) => labels[installationLabel] === installation);
      return ours.map(({ name, subnet, labels }) => ({ name, subnet, labels }));
    },
    async usedSubnets(callOptions) {
      await enter('usedSubnets', 'networks', callOptions);
      return [...world.networks.values()].map(({ subnet }) => subnet);
    },
    async connectNetwork(network, container, endpoint, callOptions) {
      await enter('connectNetwork', `${network} ${container}`, callOptions);
      guardNetwork(network);
      const found = guard(container);
      const attached = found.endpoints.get(network);
      if (!attached) return attach(world, found, network, endpoint);
      const same =
        attached.fixed === endpoint.address &&
        [...attached.aliases].sort().join() === [...endpoint.aliases].sort().join();
      if (!same) throw conflict(`container ${container}`, `It is connected to ${network} already, otherwise.`);
    },
    async disconnectNetwork(network, container, callOptions) {
      await enter('disconnectNetwork', `${network} ${container}`, callOptions);
      if (!world.networks.has(network)) return;
      guardNetwork(network);
      const found = find(container);
      if (found) detach(world, found, network);
    },

    async ensureVolume(name, labels, callOptions) {
      await enter('ensureVolume', name, callOptions);
      const found = world.volumes.get(name);
      if (found) return accept(`volume ${name}`, found.labels, labels);
      world.volumes.set(name, { labels: { ...labels, [installationLabel]: installation }, users: new Set() });
    },
    async removeVolume(name, callOptions) {
      await enter('removeVolume', name, callOptions);
      const found = world.volumes.get(name);
      if (!found) return;
      accept(`volume ${name}`, found.labels, {});
      if (found.users.size > 0) throw conflict(`volume ${name}`, 'Containers use it.');
      world.volumes.delete(name);
    },
    async listVolumes(callOptions) {
      await enter('listVolumes', 'volumes', callOptions);
      const ours = [...world.volumes].filter(([, { labels }]) => labels[installationLabel] === installation);
      return ours.map(([name, { labels }]) => ({ name, labels }));
    },

    async createContainer(spec, callOptions) {
      await enter('createContainer', spec.name, callOptions);
      const object = `container ${spec.name}`;
      // The baseline's own refusals are part of what every engine answers.
      containerOptions(spec, installation, capabilities);
      if (typeof spec.network === 'object') guardNetwork(spec.network.name);
      for (const { volume } of spec.volumes) {
        const mounted = world.volumes.get(volume);
        if (!mounted) throw notFound(`volume ${volume}`);
        accept(`volume ${volume}`, mounted.labels, {});
      }
      const found = find(spec.name);
      if (found) {
        if (found.labels[specLabel] === specHash(spec)) return found.id;
        throw conflict(object, 'A container of that name was made from other settings.');
      }
      if (!world.images.has(spec.image)) throw imageMissing(spec.image);
      const container = addContainer(
        world,
        structuredClone(spec),
        ownLabels(containerLabels(spec, installation), spec.name),
      );
      emit(world, container, 'create');
      return container.id;
    },
    async startContainer(name, callOptions) {
      await enter('startContainer', name, callOptions);
      const container = guard(name);
      if (container.state === 'running') return;
      clearTimeout(container.timer);
      run(container);
    },
    async stopContainer(name, _timeoutSeconds, callOptions) {
      await enter('stopContainer', name, callOptions);
      const container = find(name);
      if (container?.state !== 'running' && container?.state !== 'restarting') return;
      stop(container);
      emit(world, container, 'stop');
    },
    async removeContainer(name, callOptions) {
      await enter('removeContainer', name, callOptions);
      const container = find(name);
      if (!container) return;
      stop(container);
      dropContainer(world, container);
      emit(world, container, 'destroy');
    },
    async inspectContainer(name, callOptions) {
      await enter('inspectContainer', name, callOptions);
      const container = find(name);
      return container && containerInfo(container);
    },
    async listContainers(labels, callOptions) {
      await enter('listContainers', 'containers', callOptions);
      const wanted: Labels = { ...labels, [installationLabel]: installation };
      const pairs = Object.entries(wanted);
      const found = [];
      for (const container of candidates(world, wanted)) {
        if (!pairs.every(([key, value]) => container.labels[key] === value)) continue;
        const { id, labels: has, state, createdAt, spec } = container;
        const { name, image } = spec;
        found.push({ id, name, image, labels: has, state, createdAt, addresses: addresses(container) });
      }
      return found;
    },
    async waitContainer(name, callOptions) {
      await enter('waitContainer', name, callOptions);
      const container = guard(name);
      while (container.state === 'running') await change(container, callOptions?.signal);
      return container.exitCode ?? 0;
    },

    async exec(name, argv, { stdin, env = {}, signal } = {}) {
      await enter('exec', name, { signal });
      const container = guard(name);
      if (container.state !== 'running') throw conflict(`container ${name}`, 'The container is not running.');
      const result = behaviour(container.spec).exec?.(argv, { stdin, env }) ?? {};
      return { exitCode: 0, stdout: '', stderr: '', ...result };
    },
    async *logs(name, { signal, tail, since = 0, follow }) {
      await enter('logs', name, { signal });
      const container = guard(name);
      const lines = container.logs.filter(({ at }) => at >= since);
      yield* tail === undefined ? lines : lines.slice(Math.max(0, lines.length - tail));
      let last: EngineLogLine | undefined = container.logs.at(-1);
      while (follow && container.state === 'running' && !signal?.aborted) {
        await change(container, signal).catch(() => {});
        const start = last ? container.logs.lastIndexOf(last) + 1 : 0;
        const fresh = container.logs.slice(start);
        last = fresh.at(-1) ?? last;
        yield* fresh;
      }
    },
    async stats(name, callOptions) {
      await enter('stats', name, callOptions);
      const { state, spec } = guard(name);
      const pids = state === 'running' ? 1 : 0;
      return { memoryBytes: 0, memoryLimitBytes: spec.memoryBytes ?? 0, cpuNanoseconds: 0, pids };
    },
    ...memoryLive(world, { enter, guard, find, behaviour }),
    events: ({ signal }) => memoryEvents(world, installation, signal),

    seedImage: (reference, image = {}) => addImage(world, reference, image),
    exitContainer: (name, exitCode) => end(guard(name), exitCode, { again: true }),
    printLog: (name, text, stream = 'stdout') => print(guard(name), stream, [text]),
    answers(address) {
      const container = world.addresses.get(address);
      return container !== undefined && behaviour(container.spec).healthy !== false;
    },
  };
}

/** Resolves at the next change of a container; rejects when the signal is aborted. */
function change(container: MemoryContainer, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortReason(signal));
    const onAbort = () => {
      container.watchers.delete(wake);
      reject(abortReason(signal));
    };
    const wake = () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    };
    container.watchers.add(wake);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function containerInfo(container: MemoryContainer): ContainerInfo {
  const { id, spec, labels, state, createdAt, startedAt, finishedAt, exitCode, error } = container;
  return {
    id,
    name: spec.name,
    image: spec.image,
    labels,
    state,
    createdAt,
    ...(startedAt !== undefined && { startedAt }),
    ...(finishedAt !== undefined && { finishedAt }),
    ...(state === 'exited' && exitCode !== undefined && { exitCode }),
    oomKilled: container.oomKilled,
    ...(error !== undefined && { error }),
    restarts: container.restarts,
    addresses: addresses(container),
  };
}

function addresses(container: MemoryContainer): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [network, { address, fixed }] of container.endpoints) {
    const known = address ?? fixed;
    if (known) found[network] = known;
  }
  return found;
}
