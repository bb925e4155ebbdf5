/**
 * What the in-memory engine keeps: the "machine" that containers run on. It outlives the engines made for it, so
 * that a test can start a companion again over the same containers, or look from another installation.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { formatAddress, overlaps, parseAddress, parseCidr } from '../../platform/cidr.ts';
import {
  type ContainerSpec,
  type ContainerState,
  type Engine,
  type EngineEvent,
  type EngineLogLine,
  type ExecResult,
  type ImageInfo,
  installationLabel,
  type Labels,
  type RegistryCredentials,
} from './contract.ts';
import { dockerProblem } from './docker-problems.ts';
import type { MemorySession } from './memory-live.ts';
import { conflict } from './problems.ts';

/** How a container behaves; what is not said is what a healthy server does. */
export interface Behaviour {
  /** Ends by itself with this code; undefined runs until it is stopped. */
  exitCode?: number;
  /** Milliseconds until it ends by itself; 0 unless said otherwise. */
  exitAfterMs?: number;
  /** Ends like one that used too much memory. */
  oom?: boolean;
  /** What it prints to stdout when it starts. */
  logs?: string[];
  /** What it prints to stderr. */
  errors?: string[];
  /** False: it runs and answers nobody. */
  healthy?: boolean;
  /** The engine's words when it can't be started. */
  startError?: string;
  exec?: (argv: string[], input: { stdin?: string; env: Record<string, string> }) => Partial<ExecResult>;
  /** Plays a program that somebody is at; one that repeats what is typed unless said otherwise. */
  interactive?: (argv: string[], session: MemorySession) => void;
  /** Answers connections to a port; undefined refuses them. Every port repeats what it is told unless said otherwise. */
  listen?: (port: number) => ((socket: Duplex) => void) | undefined;
  /** What it has used so far. */
  use?: () => { memoryBytes: number; cpuNanoseconds: number };
}

export interface MemoryContainer {
  id: string;
  spec: ContainerSpec;
  labels: Labels;
  state: ContainerState;
  createdAt: number;
  startedAt?: number;
  finishedAt?: number;
  exitCode?: number;
  oomKilled: boolean;
  error?: string;
  restarts: number;
  endpoints: Map<string, MemoryEndpoint>;
  logs: EngineLogLine[];
  timer?: NodeJS.Timeout;
  /** Called once, when its state or its log changes. */
  watchers: Set<() => void>;
}

export interface MemoryEndpoint {
  aliases: string[];
  /** Asked for. */
  fixed?: string;
  /** Held while it runs. */
  address?: string;
}

export interface MemoryNetwork {
  name: string;
  subnet: string;
  labels: Labels;
  gateway: number;
  first: number;
  end: number;
  next: number;
  used: Set<number>;
  members: Set<string>;
}

export type MemoryFile = Uint8Array | { link: string };

export interface MemoryImage {
  info: ImageInfo;
  files: Map<string, MemoryFile>;
  credentials?: RegistryCredentials;
  /** Full names that lead to it. */
  names: Set<string>;
}

export interface MemoryVolume {
  labels: Labels;
  /** Ids of the containers that mount it. */
  users: Set<string>;
}

export interface MemoryWorld {
  containers: Map<string, MemoryContainer>;
  names: Map<string, MemoryContainer>;
  /** By installation, and by installation and app: what lists are answered from. */
  owned: Map<string, Set<MemoryContainer>>;
  networks: Map<string, MemoryNetwork>;
  volumes: Map<string, MemoryVolume>;
  /** On the machine, by id, and the names that lead to them. */
  images: Map<string, MemoryImage>;
  tags: Map<string, string>;
  /** What can be pulled, by full name. */
  registry: Map<string, MemoryImage>;
  listeners: Set<(event: EngineEvent, installation: string | undefined) => void>;
  /** Programs that somebody is at, by id. */
  execs: Map<string, { container: string; kill(): void }>;
  /** Running containers by address. */
  addresses: Map<string, MemoryContainer>;
  /** Called before every call with its name and object; throws or waits to make it fail or slow. */
  intercept?: (call: keyof Engine, object: string) => void | Promise<void>;
}

export function createMemoryWorld(): MemoryWorld {
  return {
    containers: new Map(),
    names: new Map(),
    owned: new Map(),
    networks: new Map(),
    volumes: new Map(),
    images: new Map(),
    tags: new Map(),
    registry: new Map(),
    listeners: new Set(),
    execs: new Map(),
    addresses: new Map(),
  };
}

const appLabel = 'minicloud.app';
/** Of each container; the oldest lines go first. */
const keptLogLines = 1000;

/** Keys under which a container is found in `owned`. */
function ownerKeys(labels: Labels): string[] {
  const installation = labels[installationLabel];
  if (installation === undefined) return [];
  return [installation, ...(labels[appLabel] === undefined ? [] : [`${installation}/${labels[appLabel]}`])];
}

/** Those that may carry the labels: of one app where the app is asked for, of the installation otherwise. */
export function candidates(world: MemoryWorld, wanted: Labels): Iterable<MemoryContainer> {
  return world.owned.get(ownerKeys(wanted).at(-1) ?? '') ?? [];
}

export function addContainer(world: MemoryWorld, spec: ContainerSpec, labels: Labels): MemoryContainer {
  const { network } = spec;
  const container: MemoryContainer = {
    id: randomBytes(32).toString('hex'),
    spec,
    labels,
    state: 'created',
    createdAt: Date.now(),
    oomKilled: false,
    restarts: 0,
    endpoints: new Map(),
    logs: [],
    watchers: new Set(),
  };
  if (typeof network === 'object') attach(world, container, network.name, network);
  for (const { volume } of spec.volumes) world.volumes.get(volume)?.users.add(container.id);
  world.containers.set(container.id, container);
  world.names.set(spec.name, container);
  for (const key of ownerKeys(labels)) {
    const set = world.owned.get(key) ?? new Set();
    world.owned.set(key, set.add(container));
  }
  return container;
}

export function dropContainer(world: MemoryWorld, container: MemoryContainer): void {
  release(world, container);
  for (const name of container.endpoints.keys()) world.networks.get(name)?.members.delete(container.id);
  for (const { volume } of container.spec.volumes) world.volumes.get(volume)?.users.delete(container.id);
  world.containers.delete(container.id);
  world.names.delete(container.spec.name);
  for (const key of ownerKeys(container.labels)) {
    const set = world.owned.get(key);
    set?.delete(container);
    if (set?.size === 0) world.owned.delete(key);
  }
  changed(container);
}

export function attach(
  world: MemoryWorld,
  container: MemoryContainer,
  network: string,
  wanted: { aliases: string[]; address?: string },
): void {
  const endpoint: MemoryEndpoint = { aliases: wanted.aliases, ...(wanted.address && { fixed: wanted.address }) };
  if (container.state === 'running') occupy(world, container, network, endpoint);
  container.endpoints.set(network, endpoint);
  world.networks.get(network)?.members.add(container.id);
}

export function detach(world: MemoryWorld, container: MemoryContainer, network: string): void {
  const endpoint = container.endpoints.get(network);
  if (endpoint) vacate(world, network, endpoint);
  container.endpoints.delete(network);
  world.networks.get(network)?.members.delete(container.id);
}

/** Takes an address in every network, as starting does; `conflict` or `pool_exhausted` when that can't be. */
export function acquire(world: MemoryWorld, container: MemoryContainer): void {
  try {
    for (const [network, endpoint] of container.endpoints) occupy(world, container, network, endpoint);
  } catch (error) {
    release(world, container);
    throw error;
  }
}

export function release(world: MemoryWorld, container: MemoryContainer): void {
  for (const [network, endpoint] of container.endpoints) vacate(world, network, endpoint);
}

function occupy(world: MemoryWorld, container: MemoryContainer, name: string, endpoint: MemoryEndpoint): void {
  const network = world.networks.get(name);
  if (!network || endpoint.address) return;
  const value = endpoint.fixed ? parseAddress(endpoint.fixed) : freeAddress(network);
  if (value === undefined) {
    const attempt = { verb: 'start the container', object: `container ${container.spec.name}` };
    throw dockerProblem(new Error(`no available IPv4 addresses on ${name}`), attempt);
  }
  if (network.used.has(value)) {
    throw conflict(`container ${container.spec.name}`, `Address already in use: ${formatAddress(value)}.`);
  }
  network.used.add(value);
  endpoint.address = formatAddress(value);
  world.addresses.set(endpoint.address, container);
}

function vacate(world: MemoryWorld, name: string, endpoint: MemoryEndpoint): void {
  if (!endpoint.address) return;
  world.networks.get(name)?.used.delete(parseAddress(endpoint.address));
  world.addresses.delete(endpoint.address);
  delete endpoint.address;
}

export function addNetwork(
  world: MemoryWorld,
  name: string,
  subnet: string,
  range: string | undefined,
  labels: Labels,
): MemoryNetwork {
  const whole = parseCidr(subnet);
  for (const other of world.networks.values())
    if (overlaps(whole, parseCidr(other.subnet)))
      throw conflict(`network ${name}`, `${other.name} has ${other.subnet}.`);
  const part = range ? parseCidr(range) : whole;
  const gateway = whole.base + 1;
  const first = Math.max(part.base, whole.base + 2);
  const end = Math.min(part.base + part.size, whole.base + whole.size - 1);
  const used = new Set([gateway]);
  const network = { name, subnet, labels, gateway, first, end, next: first, used, members: new Set<string>() };
  world.networks.set(name, network);
  return network;
}

function freeAddress(network: MemoryNetwork): number | undefined {
  const count = network.end - network.first;
  for (let step = 0; step < count; step++) {
    const value = network.first + ((network.next - network.first + step) % count);
    if (network.used.has(value)) continue;
    network.next = value + 1;
    return value;
  }
  return undefined;
}

export function emit(world: MemoryWorld, container: MemoryContainer, action: string, exitCode?: number): void {
  if (world.listeners.size === 0) return;
  const event: EngineEvent = {
    at: Date.now(),
    action,
    containerId: container.id,
    name: container.spec.name,
    labels: container.labels,
    ...(exitCode !== undefined && { exitCode }),
  };
  for (const listener of world.listeners) listener(event, container.labels[installationLabel]);
}

export function print(container: MemoryContainer, stream: 'stdout' | 'stderr', lines: readonly string[]): void {
  const at = Date.now();
  container.logs.push(...lines.map((text) => ({ at, stream, text })));
  if (container.logs.length > keptLogLines) container.logs.splice(0, container.logs.length - keptLogLines);
  changed(container);
}

/** Wakes whoever waits for this container. */
export function changed(container: MemoryContainer): void {
  const watchers = [...container.watchers];
  container.watchers.clear();
  for (const watcher of watchers) watcher();
}

/** A digest that is the same for the same text. */
export function digestOf(text: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
