/** What is different between two releases, in words a person reads at a glance. Variables by name only. Pure. */
import type { ContainerManifest, Need } from 'minicloud-shared/manifest/model';
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

export function changes({ desired, previous, image, digest }: ChangeInput): Change[] {
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
  compare('release command', before?.release?.command.join(' '), next.release?.command.join(' '));
  compare('healthcheck', healthWords(before), healthWords(next));
  compare('environment', before?.environment, next.environment);
  compare('security', before && JSON.stringify(before.security), JSON.stringify(next.security));
  compare('resources', before && JSON.stringify(before.resources), JSON.stringify(next.resources));
  return found.filter(
    (change) => previous !== undefined || !['security', 'resources', 'healthcheck'].includes(change.object),
  );
}

/** Things to know that block nothing. */
export function notes({ desired, previous, digest }: ChangeInput): string[] {
  const found: string[] = [];
  const gone = (previous?.manifest.needs ?? []).filter(
    (need) => !desired.manifest.needs.some((kept) => needKey(kept) === needKey(need)),
  );
  for (const need of gone) {
    found.push(`${needKey(need)} is no longer asked for. Its data is kept; nothing deletes it but you.`);
  }
  if (desired.mounts.length > 0 && previous) {
    found.push('During the switch the old and the new release have the volume mounted at the same time.');
  }
  if (
    previous &&
    previous.digest === digest &&
    JSON.stringify(previous.manifest) === JSON.stringify(desired.manifest)
  ) {
    found.push('Nothing differs from the release that serves; a deploy would only start it anew.');
  }
  return found;
}

function envChanges(old: Record<string, string>, now: Record<string, string>, found: Change[]): void {
  for (const name of new Set([...Object.keys(old), ...Object.keys(now)])) {
    if (old[name] === now[name]) continue;
    const action = !(name in old) ? 'add' : !(name in now) ? 'remove' : 'change';
    found.push({ action, object: `variable ${name}`, consequence: 'none' });
  }
}

function toSet(names: string[] | undefined): Map<string, string> {
  return new Map((names ?? []).map((name) => [name, name]));
}

function exposeMap(manifest: ContainerManifest | undefined): Map<string, string> {
  return new Map(
    (manifest?.expose ?? []).map((entry) => [
      `${entry.port}${entry.path === '/' ? '' : entry.path}`,
      `${entry.proto} to ${entry.process}`,
    ]),
  );
}

function processMap(manifest: ContainerManifest | undefined): Map<string, string> {
  return new Map(
    (manifest?.processes ?? []).map((entry) => [
      entry.name,
      `${entry.count} × ${entry.command ? entry.command.join(' ') : "the image's command"}`,
    ]),
  );
}

function supportMap(manifest: ContainerManifest | undefined): Map<string, string> {
  return new Map((manifest?.support ?? []).map((entry) => [entry.name, entry.image]));
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
  return check && `${check.path ?? 'connection'} on ${check.port}`;
}

function imageWords(image: string, digest: string): string {
  return `${image} (${digest.replace('sha256:', '').slice(0, 12)})`;
}
