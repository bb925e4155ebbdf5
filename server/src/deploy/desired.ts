/** What a release should look like on the engine: pure data, from which plan, deploy, repair and rollback all start. */
import { createHash } from 'node:crypto';
import type { ContainerManifest, DatabaseNeed, Healthcheck, Resources } from 'minicloud-shared/manifest/model';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { ContainerSpec, Labels, NetworkSpec } from '../adapters/engine/contract.ts';
import { installationLabel } from '../adapters/engine/contract.ts';
import { type AppRow, networkName, subnetOf } from '../apps/apps.ts';
import { manifestDomains, openable } from '../domains/domains.ts';
import {
  appLabel,
  internetLabel,
  madeByLabel,
  processLabel,
  type Role,
  releaseLabel,
  replicaLabel,
  roleLabel,
  specLabel,
} from '../processes/processes.ts';
import type { Resolved } from '../releases/releases.ts';
import { databaseNeeds } from '../services/services.ts';
import { type KnownVolumes, type Mount, storageMounts, supportMounts } from '../volumes/volumes.ts';

export interface DesiredContainer {
  /** `web.2`, `search`: unique in the release. */
  key: string;
  role: Role;
  process: string;
  replica: number;
  /** Everything but name and address, which are chosen when it is made. */
  spec: Omit<ContainerSpec, 'name' | 'network'>;
  aliases: string[];
  /** SHA-256 of the spec: a container with another one is replaced. */
  hash: string;
  /** How it is found to be ready; without it, that it stays up. */
  health?: Healthcheck;
}

export interface Desired {
  app: AppRow;
  version: number;
  manifest: ContainerManifest;
  imageId: string;
  /** The name it came under, for when it has to be fetched again. */
  image: string;
  network: NetworkSpec;
  mounts: Mount[];
  databases: DatabaseNeed[];
  support: DesiredContainer[];
  processes: DesiredContainer[];
  releaseCommand?: DesiredContainer;
  domains: string[];
}

export interface DesiredInput {
  installation: string;
  networkPool: string;
  serverDomain: string;
  app: AppRow;
  version: number;
  resolved: Resolved;
  imageId: string;
  image: string;
  /** Environment of bindings; the values are secret. */
  bindingEnv: Record<string, string>;
  /** Config vars, and the secrets that the manifest lists. Secret. */
  configEnv: Record<string, string>;
  /** Names under which the shared servers that it needs are reached in its network. */
  serviceAliases: string[];
  /** Volumes that the app has already. */
  volumes: KnownVolumes;
}

/** Throws `manifest_invalid` when two containers would answer to one name in the network of the app. */
export function desired(input: DesiredInput): Desired {
  const { app, version, imageId } = input;
  const { manifest, supportImages } = input.resolved;
  const { subnet, range } = subnetOf(input.networkPool, app.subnet);
  const mounts = storageMounts(app, manifest, input.volumes);
  const domains = manifestDomains(manifest, input.serverDomain);
  const base: Labels = { [installationLabel]: input.installation, [appLabel]: app.id, 'minicloud.app-name': app.name };
  const env = appEnv(input, domains);
  const processSpec = (resources: Resources, command: string[] | undefined): DesiredContainer['spec'] => ({
    image: imageId,
    labels: manifest.security.internet === false ? { ...base, [internetLabel]: 'no' } : base,
    ...(command ? { command } : {}),
    env,
    volumes: inside(mounts),
    ...security(manifest),
    ...limits({ ...manifest.resources, ...resources }),
    restart: 'always',
  });

  const processes = manifest.processes.flatMap((process) =>
    Array.from({ length: process.count }, (_, index) =>
      container('process', process.name, index + 1, processSpec(process.resources, process.command), {
        key: `${process.name}.${index + 1}`,
        aliases: [process.name],
        version,
        health: healthOf(manifest, process.name),
      }),
    ),
  );
  const support = manifest.support.map((entry) =>
    container(
      'support',
      entry.name,
      1,
      {
        image: supportImages[entry.name] ?? '',
        labels: entry.internet ? { ...base, [internetLabel]: 'yes' } : base,
        ...(entry.command ? { command: entry.command } : {}),
        env: entry.env,
        volumes: inside(supportMounts(app, entry, input.volumes)),
        ...limits(entry.resources),
        restart: 'always',
      },
      // A support container lives on over releases while its own description stays the same.
      { key: entry.name, aliases: [entry.name], version, health: undefined },
    ),
  );
  checkAliases(app, [...processes, ...support], input.serviceAliases);
  const release = manifest.release;
  return {
    app,
    version,
    manifest,
    imageId,
    image: input.image,
    network: { name: networkName(app), subnet, range, labels: base },
    mounts: [...mounts, ...manifest.support.flatMap((entry) => supportMounts(app, entry, input.volumes))],
    databases: databaseNeeds(manifest),
    support,
    processes,
    ...(release
      ? {
          releaseCommand: container(
            'release-command',
            'release',
            1,
            { ...processSpec({}, release.command), restart: 'no' },
            { key: 'release', aliases: [], version, health: undefined },
          ),
        }
      : {}),
    domains,
  };
}

/** As a container has them: no more than this may be part of its spec, which decides whether it is replaced. */
function inside(mounts: readonly Mount[]): DesiredContainer['spec']['volumes'] {
  return mounts.map(({ volume, path }) => ({ volume, path }));
}

/** Every container says itself what this means; a network that meant another one would be a trap. */
const reservedAliases = ['localhost'];

/** The engine gives a name that two have to either of them, by chance: an app would talk to the wrong database. */
function checkAliases(app: AppRow, containers: DesiredContainer[], serviceAliases: string[]): void {
  const owners = new Map<string, string>([
    ...reservedAliases.map((name) => [name, 'every container itself'] as const),
    ...serviceAliases.map((name) => [name, 'the shared server that it needs'] as const),
  ]);
  for (const { aliases, role, process } of containers) {
    const owner = `the ${role === 'support' ? 'support container' : 'process'} ${process}`;
    for (const alias of aliases) {
      const other = owners.get(alias) ?? owner;
      if (other !== owner) throw aliasTaken(app, alias, owner, other);
      owners.set(alias, owner);
    }
  }
}

function aliasTaken(app: AppRow, alias: string, owner: string, other: string): ProblemError {
  return new ProblemError({
    code: 'manifest_invalid',
    what: 'Two containers would answer to one name',
    object: `name ${alias} in the network of ${app.name}`,
    why: `It is the name of ${owner}, and of ${other}.`,
    still: 'Nothing was changed.',
    remedy: `Rename ${owner} in the manifest.`,
  });
}

/**
 * Variables that every process gets. The manifest may choose another PORT, and a config var wins over the manifest; what
 * says where an app runs is always the truth, and so are its credentials.
 */
function appEnv(input: DesiredInput, domains: string[]): Record<string, string> {
  const { manifest } = input.resolved;
  const primary = manifest.processes[0]?.name;
  const port = manifest.expose.find((expose) => expose.process === primary)?.port;
  const [domain] = openable(domains);
  return {
    ...(port === undefined ? {} : { PORT: String(port) }),
    ...manifest.env,
    ...input.configEnv,
    ...input.bindingEnv,
    MINICLOUD_APP: input.app.name,
    MINICLOUD_ENVIRONMENT: manifest.environment,
    MINICLOUD_RELEASE: String(input.version),
    ...(domain === undefined ? {} : { MINICLOUD_DOMAIN: domain }),
  };
}

function security(manifest: ContainerManifest): Partial<ContainerSpec> {
  const { readOnly, user, capabilities } = manifest.security;
  return {
    ...(readOnly ? { readOnly } : {}),
    ...(user === undefined ? {} : { user }),
    ...(capabilities.length > 0 ? { capabilities } : {}),
  };
}

/** For what names no limit of its own: one that leaks must not take the machine with it. */
const defaultMemoryBytes = 512 * 1024 * 1024;

function limits(resources: Resources): Partial<ContainerSpec> {
  return {
    memoryBytes: resources.memory ?? defaultMemoryBytes,
    ...(resources.cpus === undefined ? {} : { cpus: resources.cpus }),
    ...(resources.pids === undefined ? {} : { pids: resources.pids }),
  };
}

function healthOf(manifest: ContainerManifest, process: string): Healthcheck | undefined {
  const check = manifest.healthcheck;
  if (!check) return undefined;
  return manifest.expose.some((expose) => expose.process === process && expose.port === check.port) ? check : undefined;
}

function container(
  role: Role,
  process: string,
  replica: number,
  spec: DesiredContainer['spec'],
  more: { key: string; aliases: string[]; version: number; health: Healthcheck | undefined },
): DesiredContainer {
  const labels: Labels = {
    ...spec.labels,
    [roleLabel]: role,
    [processLabel]: process,
    [replicaLabel]: String(replica),
    ...(role === 'support' ? {} : { [releaseLabel]: String(more.version) }),
  };
  const hash = createHash('sha256')
    .update(JSON.stringify([{ ...spec, labels }, more.aliases]))
    .digest('hex')
    .slice(0, 24);
  const beside = { [specLabel]: hash, ...(role === 'support' ? { [madeByLabel]: String(more.version) } : {}) };
  return {
    key: more.key,
    role,
    process,
    replica,
    spec: { ...spec, labels: { ...labels, ...beside } },
    aliases: more.aliases,
    hash,
    ...(more.health ? { health: more.health } : {}),
  };
}
