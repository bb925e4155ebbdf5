/** What is different between two releases, in words a person reads at a glance. Variables by name only. Pure. */
import type { ContainerManifest, Need, Resources, SupportContainer } from 'minicloud-shared/manifest/model';
import { formatBytes, formatDuration } from 'minicloud-shared/manifest/units';
import type { Change, Consequence } from 'minicloud-shared/model/plan';
import type { Desired } from './desired.ts';
import type { ImageData } from './image-data.ts';

export interface Previous {
  version: number;
  image: string;
  digest: string;
  manifest: ContainerManifest;
  domains: string[];
  /** Data that goes with its containers, by container. */
  imageData: ImageData[];
}

export interface ChangeInput {
  desired: Desired;
  previous: Previous | undefined;
  /** Data of the new release that will go with its containers. */
  imageData: ImageData[];
  image: string;
  digest: string;
}

export function changes({
  desired,
  previous,
  image,
  digest,
}: Omit<ChangeInput, 'desired' | 'imageData'> & { desired: Pick<Desired, 'manifest' | 'domains'> }): Change[] {
  const next = desired.manifest;
  const before = previous?.manifest;
  const found: Change[] = [];
  const compare = (
    object: string,
    old: string | undefined,
    now: string | undefined,
    consequence: Consequence = 'none',
  ) => {
    if (old === now) return;
    found.push({
      action: old === undefined ? 'add' : now === undefined ? 'remove' : 'change',
      object,
      ...(old === undefined ? {} : { before: old }),
      ...(now === undefined ? {} : { after: now }),
      consequence,
    });
  };
  const each = <T>(
    object: (key: string) => string,
    old: Map<string, T>,
    now: Map<string, T>,
    show: (value: T) => string,
    gone: Consequence = 'none',
  ) => {
    for (const key of new Set([...old.keys(), ...now.keys()])) {
      const [was, is] = [old.get(key), now.get(key)];
      compare(
        object(key),
        was === undefined ? undefined : show(was),
        is === undefined ? undefined : show(is),
        is === undefined ? gone : 'none',
      );
    }
  };

  compare('image', previous ? imageWords(previous.image, previous.digest) : undefined, imageWords(image, digest));
  each(
    (name) => `domain ${name}`,
    toSet(previous?.domains),
    toSet(desired.domains),
    () => 'served',
    'downtime',
  );
  each(
    (key) => `port ${key}`,
    exposeMap(before),
    exposeMap(next),
    (value) => value,
  );
  each(
    (name) => `process ${name}`,
    processMap(before),
    processMap(next),
    (value) => value,
  );
  each(
    (name) => `support ${name}`,
    supportMap(before),
    supportMap(next),
    (value) => value,
    'downtime',
  );
  for (const { name, env, volumes } of next.support) {
    const old = before?.support.find((known) => known.name === name);
    envChanges(old?.env ?? {}, env, found, ` of ${name}`);
    each(
      (path) => `volume ${path} of ${name}`,
      pathMap(old?.volumes),
      pathMap(volumes),
      () => 'kept over releases',
    );
  }
  each(
    (key) => `need ${key}`,
    needMap(before),
    needMap(next),
    (value) => value,
  );
  envChanges(before?.env ?? {}, next.env, found);
  for (const { support, paths } of previous?.imageData ?? []) {
    for (const path of paths) {
      const object = `data at ${path}${support === undefined ? '' : ` of ${support}`}`;
      found.push({ action: 'remove', object, before: 'in the container', after: 'gone with it', consequence: 'data' });
    }
  }
  compare('release command', releaseWords(before), releaseWords(next));
  compare('healthcheck', healthWords(before), healthWords(next));
  compare('environment', before?.environment, next.environment);
  compare('security', before && securityWords(before), securityWords(next));
  compare(
    'resources',
    before && (limitWords(before.resources) || 'the defaults'),
    limitWords(next.resources) || 'the defaults',
  );
  if (previous) return found;
  // Of a first release what it chose, and not the defaults of every app.
  const chosen: Record<string, boolean> = {
    security: securityWords(next) !== securityWords({ security: { readOnly: false, capabilities: [] } }),
    resources: limitWords(next.resources) !== '',
    healthcheck: next.healthcheck?.path !== undefined,
  };
  return found.filter(({ object }) => chosen[object] ?? true);
}

/** As far as image and manifest go. */
export const nothingDiffers = 'Nothing differs from the release that serves; a deploy would only start it anew.';

/** Things to know that block nothing. */
export function notes({ desired, previous, digest }: ChangeInput): string[] {
  const found: string[] = [];
  const gone = (previous?.manifest.needs ?? []).filter(
    (need) => !desired.manifest.needs.some((kept) => needKey(kept) === needKey(need)),
  );
  for (const what of [...gone.map(needKey), ...goneVolumes(previous?.manifest, desired.manifest)]) {
    found.push(`${what} is no longer asked for. Its data is kept; nothing deletes it but you.`);
  }
  if (desired.mounts.length > 0 && previous) {
    found.push('During the switch the old and the new release have the volume mounted at the same time.');
  }
  if (
    previous &&
    previous.digest === digest &&
    JSON.stringify(previous.manifest) === JSON.stringify(desired.manifest)
  ) {
    found.push(nothingDiffers);
  }
  return found;
}

/** Names alone: a value may be a secret. */
function envChanges(old: Record<string, string>, now: Record<string, string>, found: Change[], of = ''): void {
  for (const name of new Set([...Object.keys(old), ...Object.keys(now)])) {
    if (old[name] === now[name]) continue;
    const action = !(name in old) ? 'add' : !(name in now) ? 'remove' : 'change';
    found.push({ action, object: `variable ${name}${of}`, consequence: 'none' });
  }
}

/** Volumes of support containers that are there no more, as are those that lost the volume alone. */
function goneVolumes(before: ContainerManifest | undefined, next: ContainerManifest): string[] {
  const key = (name: string, path: string) => `volume ${path} of ${name}`;
  const kept = new Set(next.support.flatMap(({ name, volumes }) => volumes.map(({ path }) => key(name, path))));
  const had = before?.support.flatMap(({ name, volumes }) => volumes.map(({ path }) => key(name, path))) ?? [];
  return had.filter((volume) => !kept.has(volume));
}

function toSet(names: string[] | undefined): Map<string, string> {
  return new Map((names ?? []).map((name) => [name, name]));
}

function pathMap(volumes: SupportContainer['volumes'] | undefined): Map<string, string> {
  return toSet(volumes?.map(({ path }) => path));
}

function exposeMap(manifest: ContainerManifest | undefined): Map<string, string> {
  return new Map(
    (manifest?.expose ?? []).map((entry) => [
      `${entry.port}${entry.path === '/' ? '' : entry.path}`,
      [
        `${entry.proto} to ${entry.process}`,
        ...(entry.domains.length > 0 ? [`at ${entry.domains.join(' ')}`] : []),
        `max_body ${formatBytes(entry.maxBodyBytes)}`,
        `timeout ${formatDuration(entry.timeoutMs)}`,
      ].join(', '),
    ]),
  );
}

function processMap(manifest: ContainerManifest | undefined): Map<string, string> {
  return new Map(
    (manifest?.processes ?? []).map((entry) => [
      entry.name,
      words(`${entry.count} × ${commandWords(entry.command)}`, ownLimits(entry.resources, manifest?.resources ?? {})),
    ]),
  );
}

function supportMap(manifest: ContainerManifest | undefined): Map<string, string> {
  return new Map(
    (manifest?.support ?? []).map((entry) => [
      entry.name,
      [
        words(entry.command ? `${entry.image}: ${commandWords(entry.command)}` : entry.image, entry.resources),
        ...(entry.internet ? ['may ask the internet'] : []),
      ].join(', '),
    ]),
  );
}

/** What a process says of itself and not for all of them. */
function ownLimits(resources: Resources, ofAll: Resources): Resources {
  return Object.fromEntries(
    Object.entries(resources).filter(([limit, value]) => ofAll[limit as keyof Resources] !== value),
  );
}

function words(what: string, limits: Resources): string {
  return [what, limitWords(limits)].filter(Boolean).join(', ');
}

function limitWords({ memory, cpus, pids }: Resources): string {
  return [
    ...(memory === undefined ? [] : [`memory ${formatBytes(memory)}`]),
    ...(cpus === undefined ? [] : [`cpus ${cpus}`]),
    ...(pids === undefined ? [] : [`pids ${pids}`]),
  ].join(', ');
}

/** As it would be typed: where an argument ends is part of the command. */
function commandWords(command: string[] | undefined): string {
  if (!command) return "the image's command";
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
}

function releaseWords(manifest: ContainerManifest | undefined): string | undefined {
  const release = manifest?.release;
  return release && `${commandWords(release.command)}, at most ${formatDuration(release.timeoutMs)}`;
}

function securityWords({
  security: { readOnly, user, capabilities, internet },
}: Pick<ContainerManifest, 'security'>): string {
  return [
    readOnly ? 'read-only' : 'writable',
    user === undefined ? "the image's user" : `user ${user}`,
    ...(capabilities.length > 0 ? [`capabilities ${capabilities.join(' ')}`] : []),
    ...(internet === false ? ['no internet'] : []),
  ].join(', ');
}

function needMap(manifest: ContainerManifest | undefined): Map<string, string> {
  return new Map((manifest?.needs ?? []).map((need) => [needKey(need), needWords(need)]));
}

function needKey(need: Need): string {
  return need.kind === 'storage' ? `storage ${need.path}` : `${need.kind} ${need.env}`;
}

function needWords(need: Need): string {
  if (need.kind === 'database') return `${need.engine}, own database and user`;
  return need.kind === 'storage' ? `volume at ${need.path}` : need.kind;
}

function healthWords(manifest: ContainerManifest | undefined): string | undefined {
  const check = manifest?.healthcheck;
  if (!check) return undefined;
  const [interval, timeout, grace] = [check.intervalMs, check.timeoutMs, check.graceMs].map(formatDuration);
  return `${check.path ?? 'connection'} on ${check.port}, every ${interval}, timeout ${timeout}, ${check.retries} retries, grace ${grace}`;
}

function imageWords(image: string, digest: string): string {
  return `${image} (${digest.replace('sha256:', '').slice(0, 12)})`;
}
