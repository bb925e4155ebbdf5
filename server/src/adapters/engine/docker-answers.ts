/** What Docker and Podman answer, as schemas: parsed where it comes in, so that nothing behind is cast. */
import { z } from 'zod';
import { ownLabels } from './baseline.ts';
import {
  type ContainerInfo,
  type ContainerState,
  type ContainerStats,
  type ContainerSummary,
  declaredVolumes,
  type EngineEvent,
  type ImageInfo,
} from './contract.ts';
import { parseReference, repoDigest } from './reference.ts';

const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});

export const versionAnswer = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  MinAPIVersion: z.string().optional(),
  Os: z.string(),
  Arch: z.string(),
  Components: z.array(z.object({ Name: z.string() })).nullish(),
});

export const infoAnswer = z.object({
  MemTotal: z.number(),
  NCPU: z.number(),
  DockerRootDir: z.string().optional(),
  MemoryLimit: z.boolean().optional(),
  OperatingSystem: z.string().optional(),
  SecurityOptions: z.array(z.string()).nullish(),
});

const endpoint = z.object({
  IPAddress: z.string().optional(),
  Aliases: z.array(z.string()).nullish(),
  IPAMConfig: z.object({ IPv4Address: z.string().optional() }).nullish(),
});
export type EndpointAnswer = z.infer<typeof endpoint>;

const networkSettings = z.object({ Networks: z.record(z.string(), endpoint.nullable()).nullish() }).nullish();

export const containerAnswer = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  Created: z.string(),
  RestartCount: z.number().optional(),
  State: z.object({
    Status: z.string(),
    ExitCode: z.number(),
    OOMKilled: z.boolean().optional(),
    Error: z.string().optional(),
    Pid: z.number().optional(),
    StartedAt: z.string().optional(),
    FinishedAt: z.string().optional(),
  }),
  Config: z.object({ Labels: labels }),
  NetworkSettings: networkSettings,
});
export type ContainerAnswer = z.infer<typeof containerAnswer>;

export const containerListAnswer = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()).nullish(),
    ImageID: z.string(),
    Created: z.number(),
    State: z.string(),
    Labels: labels,
    NetworkSettings: networkSettings,
  }),
);

export const createdAnswer = z.object({ Id: z.string() });
export const waitAnswer = z.object({ StatusCode: z.number() });
export const execAnswer = z.object({ Running: z.boolean(), ExitCode: z.number().nullish() });

export const imageAnswer = z.object({
  Id: z.string(),
  RepoTags: z.array(z.string()).nullish(),
  RepoDigests: z.array(z.string()).nullish(),
  Os: z.string().optional(),
  Architecture: z.string().optional(),
  Size: z.number().optional(),
  Config: z
    .object({
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
      User: z.string().optional(),
      Volumes: z.record(z.string(), z.unknown()).nullish(),
      Labels: labels,
    })
    .nullish(),
});

/** All that is read of networks that may be somebody else's. */
export const networkBlocks = z.object({
  IPAM: z.object({ Config: z.array(z.object({ Subnet: z.string().optional() })).nullish() }).optional(),
});
export const networkAnswer = networkBlocks.extend({ Id: z.string(), Name: z.string(), Labels: labels });
export type NetworkAnswer = z.infer<typeof networkAnswer>;

export const volumeAnswer = z.object({ Name: z.string(), Labels: labels });
export const volumeListAnswer = z.object({ Volumes: z.array(volumeAnswer).nullish() });

/** A line of a pull, an import or a build. */
export const progressAnswer = z.object({
  id: z.string().optional(),
  status: z.string().optional(),
  stream: z.string().optional(),
  error: z.string().optional(),
  errorDetail: z.object({ message: z.string().optional() }).nullish(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).nullish(),
});
export type ProgressAnswer = z.infer<typeof progressAnswer>;

export const eventAnswer = z.object({
  Action: z.string(),
  time: z.number().optional(),
  timeNano: z.number().optional(),
  Actor: z.object({ ID: z.string(), Attributes: labels }),
});

export type EventAnswer = z.infer<typeof eventAnswer>;

export const statsAnswer = z.object({
  memory_stats: z
    .object({
      usage: z.number().optional(),
      limit: z.number().optional(),
      stats: z.record(z.string(), z.number()).nullish(),
    })
    .optional(),
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }).optional() }).optional(),
  pids_stats: z.object({ current: z.number().optional() }).nullish(),
});

export function containerInfo(answer: ContainerAnswer): ContainerInfo {
  const { State: state } = answer;
  const running = containerState(state.Status);
  // One that waits to be started again has ended, too, and its code is the reason.
  const ended = running === 'exited' || running === 'dead' || running === 'restarting';
  return {
    id: answer.Id,
    name: containerName(answer.Name),
    image: imageId(answer.Image),
    labels: ownLabels(answer.Config.Labels, containerName(answer.Name)),
    state: running,
    createdAt: time(answer.Created) ?? 0,
    ...optional('startedAt', time(state.StartedAt)),
    ...optional('finishedAt', time(state.FinishedAt)),
    ...(ended && { exitCode: state.ExitCode }),
    oomKilled: state.OOMKilled ?? false,
    ...(state.Error && { error: state.Error }),
    restarts: answer.RestartCount ?? 0,
    addresses: addresses(answer.NetworkSettings?.Networks),
    ...(state.Pid && { pid: state.Pid }),
  };
}

export function containerSummary(answer: z.infer<typeof containerListAnswer>[number]): ContainerSummary {
  const name = containerName(answer.Names?.[0] ?? '');
  return {
    id: answer.Id,
    name,
    image: imageId(answer.ImageID),
    labels: ownLabels(answer.Labels, name),
    state: containerState(answer.State),
    addresses: addresses(answer.NetworkSettings?.Networks),
    createdAt: answer.Created * 1000,
  };
}

export function imageInfo(answer: z.infer<typeof imageAnswer>, reference: string): ImageInfo {
  const id = imageId(answer.Id);
  const repository = id === reference ? undefined : repositoryOf(reference);
  return {
    id,
    digest: repoDigest(answer.RepoDigests ?? [], repository) ?? id,
    tags: answer.RepoTags ?? [],
    os: answer.Os ?? '',
    arch: answer.Architecture ?? '',
    sizeBytes: answer.Size ?? 0,
    exposedPorts: Object.keys(answer.Config?.ExposedPorts ?? {})
      .map((port) => Number.parseInt(port, 10))
      .filter((port) => port > 0 && port < 65_536),
    user: answer.Config?.User ?? '',
    volumes: declaredVolumes(Object.keys(answer.Config?.Volumes ?? {})),
    labels: answer.Config?.Labels ?? {},
  };
}

/** undefined for what is no life cycle of a container: an exec in it, a copy out of it. */
export function engineEvent(answer: z.infer<typeof eventAnswer>): EngineEvent | undefined {
  const action = actions[answer.Action.split(':')[0] ?? ''];
  if (!action) return undefined;
  const { Attributes: attributes, ID: containerId } = answer.Actor;
  const exitCode = Number(attributes.exitCode ?? attributes.containerExitCode);
  return {
    at: answer.timeNano ? Math.floor(answer.timeNano / 1e6) : (answer.time ?? 0) * 1000,
    action,
    containerId,
    name: attributes.name ?? '',
    labels: ownLabels(attributes, attributes.name ?? ''),
    ...(action === 'die' && Number.isInteger(exitCode) && { exitCode }),
  };
}

export function containerStats(answer: z.infer<typeof statsAnswer>): ContainerStats {
  const memory = answer.memory_stats;
  // The page cache that the kernel gives back by itself is no need of the app's.
  const cache = memory?.stats?.inactive_file ?? memory?.stats?.total_inactive_file ?? 0;
  return {
    memoryBytes: Math.max(0, (memory?.usage ?? 0) - cache),
    memoryLimitBytes: memory?.limit ?? 0,
    cpuNanoseconds: answer.cpu_stats?.cpu_usage?.total_usage ?? 0,
    pids: answer.pids_stats?.current ?? 0,
  };
}

/** Docker's actions and Podman's other words for them. */
const actions: Record<string, string> = {
  create: 'create',
  start: 'start',
  die: 'die',
  died: 'die',
  oom: 'oom',
  stop: 'stop',
  kill: 'kill',
  pause: 'pause',
  unpause: 'unpause',
  restart: 'restart',
  destroy: 'destroy',
  remove: 'destroy',
};

const states: Record<string, ContainerState> = {
  created: 'created',
  configured: 'created',
  initialized: 'created',
  running: 'running',
  stopping: 'running',
  paused: 'paused',
  restarting: 'restarting',
  exited: 'exited',
  stopped: 'exited',
};

/** Docker writes names as paths. */
export function containerName(answered: string): string {
  return answered.replace(/^\//, '');
}

function containerState(status: string): ContainerState {
  return states[status.toLowerCase()] ?? 'dead';
}

/** One that does not run has what it was given, which it comes back to; Podman tells nothing then. */
function addresses(networks: Record<string, EndpointAnswer | null> | null | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, network] of Object.entries(networks ?? {})) {
    const address = network?.IPAddress || network?.IPAMConfig?.IPv4Address;
    if (address) found[name] = address;
  }
  return found;
}

/** Podman leaves the kind of digest out. */
function imageId(id: string): string {
  return id.startsWith('sha256:') ? id : `sha256:${id}`;
}

function repositoryOf(reference: string): string | undefined {
  try {
    return parseReference(reference).repository;
  } catch {
    return undefined;
  }
}

/** Docker writes the year 1 where there is no time. */
function time(text: string | undefined): number | undefined {
  const value = text ? Date.parse(text) : Number.NaN;
  return Number.isFinite(value) && value > 0 ? value : undefined;
}

function optional<K extends string>(key: K, value: number | undefined): { [key in K]?: number } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]: number });
}
