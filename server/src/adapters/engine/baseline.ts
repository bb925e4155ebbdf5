/**
 * What every container gets, whoever asks for it: one pure function from a spec to Docker's create body.
 *
 * It is an allow-list: a key that is not written here is never sent, so a manifest or an image can't reach it.
 */
import { ProblemError } from 'minicloud-shared/model/problem';
import { type ContainerSpec, type EngineCapabilities, installationLabel, specHash, specLabel } from './contract.ts';
import { type Dialect, dockerDialect, endpointAddress } from './dialect.ts';

/** Present on the containers that are Minicloud's own parts; only they may use the host's network and folders. */
export const platformLabel = 'minicloud.platform';
/** Names the labels that we set: everything else on a container came out of its image and is not believed. */
export const ownKeysLabel = 'minicloud.keys';
/** Marks the container that is made, never started, to read a file of an image: no part of any app, so not listed. */
export const imageReaderLabel = 'minicloud.image-reader';
/** The container's own name: a container that somebody made of an image that holds our labels has another one. */
export const nameLabel = 'minicloud.name';

/**
 * Kept of the kernel's capabilities. Unmodified official images start as root, give files to their user (CHOWN, FOWNER,
 * DAC_OVERRIDE), become that user (SETUID, SETGID), listen below 1024 (NET_BIND_SERVICE) and end their children (KILL).
 * Docker's own default set has more; what is left out and why: NET_RAW forges addresses that the firewall decides by,
 * MKNOD and SETFCAP prepare other attacks, AUDIT_WRITE, SETPCAP, FSETID and SYS_CHROOT are rarely needed and can be asked for.
 */
export const defaultCapabilities = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'KILL',
  'NET_BIND_SERVICE',
  'SETGID',
  'SETUID',
] as const;

/** A manifest may ask for these besides; none of them reaches beyond its own container. */
export const allowedCapabilities = ['AUDIT_WRITE', 'FSETID', 'IPC_LOCK', 'SETPCAP', 'SYS_CHROOT', 'SYS_NICE'] as const;

const defaultPids = 512;
const mostPids = 32_768;
/** Low enough for engines that may not raise their own limit; Minicloud's own parts inherit the engine's. */
const openFiles = 16_384;
const scratchBytes = 64 * 1024 * 1024;

/** The body of `POST /containers/create`. Optional keys are left out, never `undefined`. */
export interface CreateBody {
  Image: string;
  Labels: Record<string, string>;
  Env: string[];
  Cmd?: string[];
  Entrypoint?: string[];
  User?: string;
  StopTimeout?: number;
  AttachStdin: false;
  AttachStdout: false;
  AttachStderr: false;
  OpenStdin: false;
  Tty: false;
  Healthcheck: { Test: ['NONE'] };
  HostConfig: Record<string, unknown>;
  NetworkingConfig?: { EndpointsConfig: Record<string, { Aliases: string[] } & ReturnType<typeof endpointAddress>> };
}

/** Docker's create body for a spec of an image with these labels. Throws `invalid_input` or `forbidden` for what no container may be. */
export function containerOptions(
  spec: ContainerSpec,
  installation: string,
  capabilities: EngineCapabilities,
  imageLabels: Record<string, string> = {},
  dialect: Dialect = dockerDialect,
): CreateBody {
  checkSpec(spec, capabilities);
  const { network } = spec;
  return {
    Image: spec.image,
    Labels: { ...blanked(imageLabels), ...containerLabels(spec, installation) },
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    ...(spec.command && { Cmd: spec.command }),
    ...(spec.entrypoint && { Entrypoint: spec.entrypoint }),
    ...(spec.user !== undefined && { User: spec.user }),
    ...(spec.stopTimeoutSeconds !== undefined && { StopTimeout: spec.stopTimeoutSeconds }),
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    OpenStdin: false,
    Tty: false,
    // An image's own check would run commands of its choice for ever, and would decide what only we may decide.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: hostConfig(spec, capabilities, dialect),
    ...(typeof network === 'object' && {
      NetworkingConfig: {
        EndpointsConfig: {
          [network.name]: {
            Aliases: network.aliases,
            ...endpointAddress(network.address, dialect),
          },
        },
      },
    }),
  };
}

/** Labels of a container: the spec's, and ours over them. */
export function containerLabels(spec: ContainerSpec, installation: string): Record<string, string> {
  const own = {
    ...spec.labels,
    [installationLabel]: installation,
    [nameLabel]: spec.name,
    [specLabel]: specHash(spec),
  };
  return { ...own, [ownKeysLabel]: Object.keys(own).sort().join(',') };
}

/** The labels that we set on the container of that name, without those that an image brought along; none on one that we did not make. */
export function ownLabels(labels: Record<string, string>, name: string): Record<string, string> {
  if (labels[nameLabel] !== name) return {};
  const keys = new Set((labels[ownKeysLabel] ?? '').split(','));
  return Object.fromEntries(Object.entries(labels).filter(([key]) => keys.has(key)));
}

/** Labels of an image that look like ours, as empty ones: a label that a container got of its image can't be taken away. */
function blanked(imageLabels: Record<string, string>): Record<string, string> {
  const ours = Object.keys(imageLabels).filter((key) => key.startsWith('minicloud.'));
  return Object.fromEntries(ours.map((key) => [key, '']));
}

function hostConfig(spec: ContainerSpec, capabilities: EngineCapabilities, dialect: Dialect): Record<string, unknown> {
  const { network, memoryBytes } = spec;
  const ownLimits = platformLabel in spec.labels ? [] : [{ Name: 'nofile', Soft: openFiles, Hard: openFiles }];
  const limits = [...ownLimits, ...dialect.ulimits.filter(({ Name }) => ownLimits.every((own) => own.Name !== Name))];
  return {
    NetworkMode: typeof network === 'object' ? network.name : network,
    RestartPolicy: { Name: spec.restart, MaximumRetryCount: 0 },
    Init: true,
    Privileged: false,
    PublishAllPorts: false,
    AutoRemove: false,
    ReadonlyRootfs: spec.readOnly ?? false,
    CapDrop: ['ALL'],
    CapAdd: [...new Set([...defaultCapabilities, ...(spec.capabilities ?? [])])].sort(),
    SecurityOpt: ['no-new-privileges'],
    PidsLimit: spec.pids ?? defaultPids,
    ...(limits.length > 0 && { Ulimits: limits }),
    IpcMode: 'private',
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    ...(memoryBytes !== undefined &&
      // Equal: swapping one app would slow all of them.
      capabilities.memoryLimits && { Memory: memoryBytes, MemorySwap: memoryBytes }),
    ...(spec.cpus !== undefined && capabilities.memoryLimits && { NanoCpus: Math.round(spec.cpus * 1e9) }),
    ...(spec.hosts && { ExtraHosts: Object.entries(spec.hosts).map(([name, address]) => `${name}:${address}`) }),
    // A read-only root breaks most programs at their first temporary file.
    ...(spec.readOnly && {
      Tmpfs: {
        '/tmp': `rw,nosuid,nodev,noexec,mode=1777,size=${scratchBytes}`,
        '/run': `rw,nosuid,nodev,noexec,mode=755,size=${scratchBytes}`,
      },
    }),
    Mounts: [
      ...spec.volumes.map(({ volume, path, readOnly }) => ({
        Type: 'volume',
        Source: volume,
        Target: path,
        ReadOnly: readOnly ?? false,
      })),
      ...(spec.binds ?? []).map(({ source, path, readOnly }) => ({
        Type: 'bind',
        Source: source,
        Target: path,
        ReadOnly: readOnly ?? false,
        BindOptions: { Propagation: 'rprivate' },
      })),
    ],
  };
}

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/;
const imageIdPattern = /^sha256:[0-9a-f]{64}$/;
const envNamePattern = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const userPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?$/;
const hostPattern = /^[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?$/i;
/** Mounting over these would replace what the kernel or the engine shows to a container. */
const reservedPaths = ['/proc', '/sys', '/dev'];
const allowedCapabilitySet: ReadonlySet<string> = new Set<string>([...defaultCapabilities, ...allowedCapabilities]);

function checkSpec(spec: ContainerSpec, capabilities: EngineCapabilities): void {
  const object = `container ${spec.name}`;
  const platform = platformLabel in spec.labels;
  const demand = (holds: boolean, why: string, code: 'invalid_input' | 'forbidden' = 'invalid_input') => {
    if (!holds) throw refused(code, object, why);
  };
  demand(namePattern.test(spec.name), 'Its name may hold a-z, A-Z, 0-9, ".", "_" and "-" only.');
  demand(imageIdPattern.test(spec.image), `Its image is "${spec.image}"; only an id (sha256:…) can be run.`);
  for (const [name, value] of Object.entries(spec.env)) {
    demand(envNamePattern.test(name), `"${name.slice(0, 40)}" can't be the name of a variable.`);
    demand(!value.includes('\0'), `The value of ${name} holds a NUL character.`);
  }
  for (const argument of [...(spec.command ?? []), ...(spec.entrypoint ?? [])]) {
    demand(!argument.includes('\0'), 'Its command holds a NUL character.');
  }
  demand(spec.user === undefined || userPattern.test(spec.user), `"${spec.user}" can't be a user.`);
  demand(
    spec.pids === undefined || (Number.isInteger(spec.pids) && spec.pids > 0 && spec.pids <= mostPids),
    `Its limit of processes is ${spec.pids}; it can be 1 to ${mostPids}.`,
  );
  demand(spec.memoryBytes === undefined || spec.memoryBytes >= 6 * 1024 * 1024, 'It needs at least 6 MiB of memory.');
  demand(spec.cpus === undefined || spec.cpus >= 0.01, 'It needs at least a hundredth of a processor.');
  for (const capability of spec.capabilities ?? []) {
    demand(
      allowedCapabilitySet.has(capability),
      `The capability ${capability} is not among ${allowedCapabilities.join(', ')}.`,
      'forbidden',
    );
  }
  for (const [name, address] of Object.entries(spec.hosts ?? {})) {
    demand(hostPattern.test(name) && /^[0-9a-f.:]+$/i.test(address), `"${name}" can't be the name of a host.`);
  }
  for (const { volume } of spec.volumes) demand(namePattern.test(volume), `"${volume}" can't be the name of a volume.`);
  const network = typeof spec.network === 'object' ? spec.network.name : undefined;
  // Docker reads these names as modes: they would reach the host's own network through the back door.
  demand(
    network === undefined || (namePattern.test(network) && !['host', 'none', 'bridge', 'default'].includes(network)),
    `"${network}" can't be the name of a network.`,
  );
  const paths = [...spec.volumes, ...(spec.binds ?? [])].map((mount) => mount.path);
  for (const path of paths) demand(mountable(path), `Nothing can be mounted at "${path}".`);
  demand(new Set(paths).size === paths.length, 'Two things would be mounted at one path.');
  demand(
    (spec.binds ?? []).length === 0 || platform,
    "Folders of the machine are for Minicloud's own parts.",
    'forbidden',
  );
  for (const bind of spec.binds ?? []) {
    demand(bind.source.startsWith('/') && !bind.source.split('/').includes('..'), `"${bind.source}" is no full path.`);
  }
  demand(spec.network !== 'host' || platform, "The host's network is for Minicloud's own parts.", 'forbidden');
  demand(spec.network !== 'host' || capabilities.hostNetwork, "This engine can't give the host's network.");
}

function mountable(path: string): boolean {
  const segments = path.split('/').slice(1);
  return (
    path.startsWith('/') &&
    path.length > 1 &&
    !path.includes('\0') &&
    segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..') &&
    !reservedPaths.some((reserved) => path === reserved || path.startsWith(`${reserved}/`))
  );
}

function refused(code: 'invalid_input' | 'forbidden', object: string, why: string): ProblemError {
  return new ProblemError({
    code,
    what: 'A container like this is not allowed',
    object,
    why,
    still: 'Nothing was changed.',
    remedy: 'Change what asks for it: the manifest, or the part of Minicloud that made this container.',
  });
}
