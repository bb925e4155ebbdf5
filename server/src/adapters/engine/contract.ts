/**
 * The engine port: what Minicloud asks of Docker, Podman and the in-memory double.
 *
 * Semantics that every implementation keeps and `conformance.ts` checks:
 * - An engine is made for one installation. Objects are created with `minicloud.installation=<id>` and only objects
 *   that carry it are listed, changed or removed; anything else is answered with `forbidden` and left alone.
 * - Making something that is there already, with the same spec, is success. Removing something that is gone is too.
 * - Every call takes a signal and has a deadline of its own besides; a frozen engine ends in `timeout` or
 *   `engine_unreachable`, never in waiting for ever.
 * - Failures are `ProblemError`s that name the object. Answers are parsed at the border, never cast.
 */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Duplex } from 'node:stream';
import { visible } from 'minicloud-shared/manifest/mask';
import type { ProblemInit } from 'minicloud-shared/model/problem';

export type Labels = Record<string, string>;

export const installationLabel = 'minicloud.installation';

export interface EngineInfo {
  kind: 'docker' | 'podman' | 'memory';
  version: string;
  os: string;
  arch: string;
  memoryBytes: number;
  cpus: number;
  /** Where images and volumes live on this machine, when the engine tells. */
  dataRoot?: string;
}

/** What an engine can't do is data, not an exception in the middle of a deploy. */
export interface EngineCapabilities {
  /** The companion can open connections to container addresses. Not so for rootless engines. */
  reachableAddresses: boolean;
  hostNetwork: boolean;
  memoryLimits: boolean;
  /** Names inside a network are answered at its gateway, port 53, by this machine; else inside the container. */
  resolverAtGateway: boolean;
  /** An image that was built here has its own id as digest; else it looks as if it had come from a registry. */
  tellsBuiltImages: boolean;
  /** A container that does not run has the address in `addresses` that it was given. */
  tellsStoppedAddresses: boolean;
}

export interface ImageInfo {
  /** Content id of the configuration, `sha256:…`; what `createContainer` is given. */
  id: string;
  /** Digest in the registry it came from, `sha256:…`; the id itself for images that never were in one. */
  digest: string;
  /** Names it has here. */
  tags: string[];
  os: string;
  arch: string;
  sizeBytes: number;
  /** From the image's own metadata; informs, never decides. */
  exposedPorts: number[];
  user: string;
  /** Paths that the image declares as `VOLUME` (`declaredVolumes`): what is mounted there goes with the container. */
  volumes: string[];
  labels: Labels;
}

export interface Platform {
  /** `linux`. */
  os: string;
  /** `amd64`, in the engine's words. */
  arch: string;
}

export interface RegistryCredentials {
  username: string;
  password: string;
  /** The password is a token that the registry gave for one. */
  identity?: boolean;
}

export interface PullProgress {
  /** Bytes received and expected over all layers known so far. */
  received: number;
  expected: number;
}

/** Everything a container may be; what is not here can't be asked for. The baseline is added by the engine. */
export interface ContainerSpec {
  name: string;
  /** Image id (`sha256:…`). Never a tag: what was resolved is what runs. */
  image: string;
  labels: Labels;
  command?: string[];
  entrypoint?: string[];
  env: Record<string, string>;
  /** `host` only for the platform's own proxy. */
  network: { name: string; aliases: string[]; address?: string } | 'host' | 'none';
  volumes: { volume: string; path: string; readOnly?: boolean }[];
  /** Folders of the machine; for platform containers only (labelled `minicloud.platform`), refused for all others. */
  binds?: { source: string; path: string; readOnly?: boolean }[];
  /** Names that resolve to fixed addresses inside. */
  hosts?: Record<string, string>;
  user?: string;
  readOnly?: boolean;
  /** Kernel capabilities added to none, from the allow-list in `baseline.ts`. */
  capabilities?: string[];
  memoryBytes?: number;
  cpus?: number;
  pids?: number;
  /** `always` for what should survive a reboot, `no` for run-to-completion. */
  restart: 'always' | 'no';
  stopTimeoutSeconds?: number;
}

/** SHA-256 of the spec: tells "the same again" from "another one of that name". */
export const specLabel = 'minicloud.spec';

/** Equal for equal specs, whatever the order of their keys. */
export function specHash(spec: ContainerSpec): string {
  return createHash('sha256').update(canonical(spec)).digest('hex').slice(0, 32);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'dead';

export interface ContainerInfo {
  id: string;
  name: string;
  image: string;
  labels: Labels;
  state: ContainerState;
  createdAt: number;
  startedAt?: number;
  finishedAt?: number;
  exitCode?: number;
  oomKilled: boolean;
  /** Why it, or its program, could not be started. */
  error?: string;
  /** What a person can do about that, where the cause is known. */
  remedy?: string;
  restarts: number;
  /** Address in each network it is attached to. */
  addresses: Record<string, string>;
  pid?: number;
}

/** The cheap form that lists give. */
export interface ContainerSummary {
  id: string;
  name: string;
  image: string;
  labels: Labels;
  state: ContainerState;
  addresses: Record<string, string>;
  createdAt: number;
}

export interface NetworkSpec {
  name: string;
  /** CIDR. */
  subnet: string;
  /** CIDR inside the subnet from which the engine picks addresses by itself. */
  range?: string;
  labels: Labels;
}
export interface NetworkInfo {
  name: string;
  subnet: string;
  labels: Labels;
}

export interface VolumeInfo {
  name: string;
  labels: Labels;
}

export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Of a terminal, in characters. */
export interface TerminalSize {
  cols: number;
  rows: number;
}

/** A program that runs in a container with somebody at the other end. */
export interface RunningExec {
  /** The engine's name for it: what `endExec` takes, by this companion or the next. */
  readonly id: string;
  /** What it prints, at the pace of the reader; ends with the program. On a terminal there is only stdout. */
  readonly output: AsyncIterable<{ stream: 'stdout' | 'stderr'; data: Uint8Array }>;
  /** Resolves when the engine has taken it, so that a program that does not read holds the writer back. */
  write(data: Uint8Array): Promise<void>;
  /** No more input. On a terminal that is the key Ctrl-D, which is for the person to press. */
  endInput(): void;
  resize(size: TerminalSize, options?: CallOptions): Promise<void>;
  /** Exit code, once the output has ended. */
  exitCode(options?: CallOptions): Promise<number>;
  /** Gives the connection up. The program goes on until `endExec`. */
  close(): void;
}

export interface EngineLogLine {
  at: number;
  stream: 'stdout' | 'stderr';
  text: string;
}

export interface ContainerStats {
  memoryBytes: number;
  memoryLimitBytes: number;
  cpuNanoseconds: number;
  pids: number;
}

export interface EngineEvent {
  at: number;
  /** Of a container: start, die (with exit code), oom, stop, destroy, health… */
  action: string;
  containerId: string;
  name: string;
  labels: Labels;
  exitCode?: number;
}

/**
 * `VOLUME`s as an image declares them, as absolute paths. It may write them as it likes: the engine mounts them at the
 * path that is meant, and what would act on a terminal or forge a line of a plan is replaced here, once for all.
 */
export function declaredVolumes(written: readonly string[]): string[] {
  return written.map((path) => visible(posix.resolve('/', path))).sort();
}

/** Why an image can't run on a machine of this kind; undefined when it can, or doesn't say what it is for. */
export function platformProblem(reference: string, image: Platform, server: Platform): ProblemInit | undefined {
  const other = (['os', 'arch'] as const).some((key) => image[key] !== '' && image[key] !== server[key]);
  if (!other) return undefined;
  return {
    code: 'image_unusable',
    what: 'An image is for another kind of machine',
    object: `image ${reference}`,
    why: `It is for ${image.os}/${image.arch}; this server is ${server.os}/${server.arch}.`,
    still: 'Nothing was changed.',
    remedy: `Build it for this server (\`docker build --platform ${server.os}/${server.arch} …\`) and push it again.`,
  };
}

export interface CallOptions {
  signal?: AbortSignal;
}

/**
 * What a pull may do with the server's own logins at registries: use them and tell in a problem whose they are, use
 * them and not tell, or go without.
 */
export type LoginUse = 'told' | 'untold' | 'none';

export interface PullOptions extends CallOptions {
  /** Used in place of the server's logins. */
  credentials?: RegistryCredentials;
  /** `told` when it is not given. */
  logins?: LoginUse;
  onProgress?: (progress: PullProgress) => void;
}

export interface Engine {
  readonly installation: string;
  readonly capabilities: EngineCapabilities;
  /** What images must be made for. */
  readonly platform: Platform;
  info(options?: CallOptions): Promise<EngineInfo>;

  pullImage(reference: string, options?: PullOptions): Promise<ImageInfo>;
  /** By name, digest or id; undefined when it is not on this machine. */
  inspectImage(reference: string, options?: CallOptions): Promise<ImageInfo | undefined>;
  /**
   * The first of the paths that is a regular file of an image, without starting it; undefined when none is. At most
   * `maxBytes`, else `invalid_input`.
   */
  readImageFile(
    image: string,
    paths: readonly string[],
    maxBytes: number,
    options?: CallOptions,
  ): Promise<Uint8Array | undefined>;
  /** Names of the images on this machine, whosever they are, the newest first. */
  imageNames(options?: CallOptions): Promise<string[]>;
  /** Keep an image from being pruned by the name it is given. */
  tagImage(image: string, reference: string, options?: CallOptions): Promise<void>;
  removeImage(reference: string, options?: CallOptions): Promise<void>;
  /** Builds a tar of a folder that holds a Dockerfile, on the host's network, and names the result. `onLine` gets what the build prints. */
  buildImage(
    context: NodeJS.ReadableStream,
    tag: string,
    options?: CallOptions & { labels?: Labels; buildArgs?: Record<string, string>; onLine?: (line: string) => void },
  ): Promise<ImageInfo>;
  /** Makes an image of one layer from the tar of a root file system. */
  importImage(rootfs: NodeJS.ReadableStream, tag: string, options?: CallOptions): Promise<ImageInfo>;

  /** `conflict` when another network has some of the addresses. */
  ensureNetwork(spec: NetworkSpec, options?: CallOptions): Promise<void>;
  removeNetwork(name: string, options?: CallOptions): Promise<void>;
  listNetworks(options?: CallOptions): Promise<NetworkInfo[]>;
  /** IPv4 blocks of every network of the engine, whoever made it: what a new network has to keep clear of. */
  usedSubnets(options?: CallOptions): Promise<string[]>;
  connectNetwork(
    network: string,
    container: string,
    endpoint: { aliases: string[]; address?: string },
    options?: CallOptions,
  ): Promise<void>;
  disconnectNetwork(network: string, container: string, options?: CallOptions): Promise<void>;

  ensureVolume(name: string, labels: Labels, options?: CallOptions): Promise<void>;
  removeVolume(name: string, options?: CallOptions): Promise<void>;
  listVolumes(options?: CallOptions): Promise<VolumeInfo[]>;

  /** Creates without starting. A container of that name with our label but another spec is `conflict`. */
  createContainer(spec: ContainerSpec, options?: CallOptions): Promise<string>;
  startContainer(container: string, options?: CallOptions): Promise<void>;
  stopContainer(container: string, timeoutSeconds: number, options?: CallOptions): Promise<void>;
  /** Ends it if it runs. Never removes named volumes. */
  removeContainer(container: string, options?: CallOptions): Promise<void>;
  inspectContainer(container: string, options?: CallOptions): Promise<ContainerInfo | undefined>;
  listContainers(labels: Labels, options?: CallOptions): Promise<ContainerSummary[]>;
  /** Until it is no longer running; its exit code. */
  waitContainer(container: string, options?: CallOptions): Promise<number>;

  /** argv, no shell. `env` and `stdin` are how secrets get in: arguments can be seen by every process of the machine. */
  exec(
    container: string,
    argv: string[],
    options?: CallOptions & { stdin?: string; env?: Record<string, string>; user?: string },
  ): Promise<ExecResult>;
  /** As `exec`, with its input and output open; on a terminal of that size when one is given. */
  startExec(
    container: string,
    argv: string[],
    options?: CallOptions & { terminal?: TerminalSize; env?: Record<string, string> },
  ): Promise<RunningExec>;
  /**
   * Ends a program of `startExec` and those that it started, as a hang-up and a moment later for good. Success when it
   * has ended already or its container is gone; false when the engine offers no way to it.
   */
  endExec(container: string, id: string, options?: CallOptions): Promise<boolean>;
  /** A TCP connection to a port of a running container, at its address in the network. `not_available` when nothing listens. */
  connect(container: string, network: string, port: number, options?: CallOptions): Promise<Duplex>;
  logs(
    container: string,
    options: CallOptions & { tail?: number; since?: number; follow?: boolean },
  ): AsyncIterable<EngineLogLine>;
  stats(container: string, options?: CallOptions): Promise<ContainerStats>;
  /** The same of many running containers at little cost; those that can't be measured are left out. */
  measure(containers: readonly string[], options?: CallOptions): Promise<Map<string, ContainerStats>>;
  /** Container events of this installation until the signal; reconnects by itself and yields a `resync` after a gap. */
  events(options: { signal: AbortSignal }): AsyncIterable<EngineEvent | { action: 'resync' }>;
}
