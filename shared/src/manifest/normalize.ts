/** From the checked text form to the model: every default filled in, every unit a number, every short form spelled out. */
import { commandArgv } from './command.ts';
import { normalizeDomain } from './domain.ts';
import type {
  Build,
  ContainerManifest,
  Expose,
  Healthcheck,
  Job,
  Manifest,
  Need,
  Process,
  Resources,
  Rollout,
  SupportContainer,
} from './model.ts';
import type { ManifestText } from './schema.ts';
import {
  backup as backupSchema,
  healthcheck as healthcheckSchema,
  needDefaults,
  rollout as rolloutSchema,
} from './schema-parts.ts';
import { parseDuration, parsePercent, parseSize } from './units.ts';
import { type NeedKind, primaryOf } from './view.ts';

/** The model of a manifest text that has passed the schema. Keys without a value are absent, not undefined. */
export function normalize(text: ManifestText): Manifest {
  const { name, environment } = text;
  if (text.forward) {
    const { port, domains } = text.forward;
    return { kind: 'forward', version: 1, name, environment, forward: { port, domains: domainNames(domains) } };
  }
  const resources = text.resources ? readResources(text.resources) : {};
  const processes = readProcesses(text, resources);
  const expose = text.expose.map((item) => readExpose(item, processes[0]?.name ?? 'web'));
  const manifest: ContainerManifest = {
    kind: 'container',
    version: 1,
    name,
    environment,
    ...(text.image === undefined ? {} : { image: text.image }),
    ...(text.build ? { build: readBuild(text.build) } : {}),
    expose,
    env: strings(text.env),
    secrets: [...text.secrets],
    needs: text.needs.map(readNeed),
    processes,
    support: Object.entries(text.support).map(([supportName, support]) => readSupport(supportName, support)),
    resources,
    rollout: readRollout(text.rollout),
    jobs: text.jobs.map(readJob),
    security: {
      readOnly: text.security?.read_only ?? false,
      ...(text.security?.user === undefined ? {} : { user: text.security.user }),
      capabilities: [...(text.security?.capabilities ?? [])],
      ...(text.security?.internet === false ? { internet: false } : {}),
    },
  };
  if (text.release) {
    manifest.release = { command: commandArgv(text.release.command), timeoutMs: milliseconds(text.release.timeout) };
  }
  const healthcheck = readHealthcheck(text.healthcheck, expose);
  if (healthcheck) manifest.healthcheck = healthcheck;
  if (text.placement) manifest.placement = defined({ ...text.placement, labels: strings(text.placement.labels) });
  if (text.backup) {
    const { schedule, keep, rehearse } = backupSchema.parse(text.backup);
    manifest.backup = { schedule, keep: defined({ ...keep }), ...(rehearse === undefined ? {} : { rehearse }) };
  }
  return manifest;
}

type Item<Key extends 'expose' | 'needs' | 'jobs'> = ManifestText[Key][number];
type ResourcesText = NonNullable<ManifestText['resources']>;

function readResources(text: ResourcesText): Resources {
  return {
    ...(text.memory === undefined ? {} : { memory: bytes(text.memory) }),
    ...(text.cpus === undefined ? {} : { cpus: text.cpus }),
    ...(text.pids === undefined ? {} : { pids: text.pids }),
  };
}

/** The primary process comes first; each has the app's resources where it states none of its own. */
function readProcesses(text: ManifestText, resources: Resources): Process[] {
  const names = Object.keys(text.processes);
  if (names.length === 0) return [{ name: 'web', count: 1, resources: { ...resources } }];
  const primary = primaryOf(names);
  return [primary, ...names.filter((name) => name !== primary)].flatMap((name): Process[] => {
    const process = text.processes[name];
    if (!process) return [];
    return [
      {
        name,
        ...(process.command === undefined ? {} : { command: commandArgv(process.command) }),
        count: process.count,
        resources: { ...resources, ...(process.resources ? readResources(process.resources) : {}) },
      },
    ];
  });
}

function readExpose(text: Item<'expose'>, primary: string): Expose {
  return {
    port: text.port,
    proto: text.proto,
    process: text.process ?? primary,
    domains: domainNames(text.domains),
    path: text.path,
    maxBodyBytes: bytes(text.max_body),
    timeoutMs: milliseconds(text.timeout),
  };
}

function readNeed(text: Item<'needs'>): Need {
  const need = typeof text === 'string' ? spelledOut(text) : text;
  if ('database' in need) {
    const { engine, env, dedicated, version } = need.database;
    return { kind: 'database', engine, env, dedicated, ...(version === undefined ? {} : { version }) };
  }
  if ('messagebus' in need) return { kind: 'messagebus', env: need.messagebus.env };
  if ('cache' in need) return { kind: 'cache', env: need.cache.env };
  const { path, size } = need.storage;
  return { kind: 'storage', path, ...(size === undefined ? {} : { sizeBytes: bytes(size) }) };
}

function spelledOut(word: NeedKind): Exclude<Item<'needs'>, string> {
  if (word === 'database') return { database: needDefaults.database };
  if (word === 'messagebus') return { messagebus: needDefaults.messagebus };
  return word === 'cache' ? { cache: needDefaults.cache } : { storage: needDefaults.storage };
}

function readSupport(name: string, text: ManifestText['support'][string]): SupportContainer {
  return {
    name,
    image: text.image,
    ...(text.command === undefined ? {} : { command: commandArgv(text.command) }),
    env: strings(text.env),
    volumes: text.volumes.map(({ path, size }) => ({
      path,
      ...(size === undefined ? {} : { sizeBytes: bytes(size) }),
    })),
    resources: text.resources ? readResources(text.resources) : {},
    ...(text.internet ? { internet: true } : {}),
  };
}

/** Without one of its own the first http or tcp port is asked whether it takes connections. */
function readHealthcheck(text: ManifestText['healthcheck'], expose: readonly Expose[]): Healthcheck | undefined {
  const port = text?.port ?? expose.find((item) => item.proto !== 'udp')?.port;
  if (port === undefined) return undefined;
  const { path, interval, timeout, retries, grace } = text ?? healthcheckSchema.parse({});
  return {
    ...(path === undefined ? {} : { path }),
    port,
    intervalMs: milliseconds(interval),
    timeoutMs: milliseconds(timeout),
    retries,
    graceMs: milliseconds(grace),
  };
}

function readRollout(text: ManifestText['rollout']): Rollout {
  const { strategy, steps, advance, pause } = text ?? rolloutSchema.parse({});
  return { strategy, steps: steps.map((step) => parsePercent(step) ?? 100), advance, pauseMs: milliseconds(pause) };
}

function readJob(text: Item<'jobs'>): Job {
  const { name, schedule, timezone, overlap } = text;
  const timeoutMs = milliseconds(text.timeout);
  return { name, schedule, timezone, command: commandArgv(text.command), timeoutMs, overlap };
}

/** Only the section of the type is kept, with its defaults. */
function readBuild(text: NonNullable<ManifestText['build']>): Build {
  const { type, git, context } = text;
  const build: Build = { type, context };
  if (git) build.git = defined({ ...git });
  if (type === 'dockerfile') {
    const { path, target, args } = text.dockerfile ?? { path: 'Dockerfile', target: undefined, args: {} };
    build.dockerfile = { path, ...(target === undefined ? {} : { target }), args: strings(args) };
  } else if (type === 'static') {
    const { command, output } = text.static ?? { command: undefined, output: 'dist' };
    build.static = { ...(command === undefined ? {} : { command }), output };
  } else if (type === 'nixpacks') {
    const { start, variables } = text.nixpacks ?? { start: undefined, variables: {} };
    build.nixpacks = { ...(start === undefined ? {} : { start }), variables: strings(variables) };
  } else if (text.compose) build.compose = { ...text.compose };
  return build;
}

function domainNames(list: readonly string[]): string[] {
  return list.flatMap((text) => {
    const result = normalizeDomain(text);
    return result.ok ? [result.name] : [];
  });
}

function strings(values: Readonly<Record<string, string | number | boolean>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;
}

function bytes(text: string): number {
  return parseSize(text) ?? 0;
}

function milliseconds(text: string): number {
  return parseDuration(text) ?? 0;
}
