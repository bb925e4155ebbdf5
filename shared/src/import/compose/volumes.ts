/** `volumes` and `tmpfs` of a service. */
import { mountPath } from '../../manifest/schema-scalars.ts';
import { below, type Part } from '../part.ts';
import type { Report } from '../report.ts';
import { type Fields, fieldOf, fit, isFields, isOn, listOf, pathBelow, textOf } from '../values.ts';
import { builtFolder } from './build.ts';
import type { Reading } from './fields.ts';

export interface MountGiven {
  kind: string;
  source: string | undefined;
  target: string;
  readOnly: boolean;
}

/** A mount whose source lies in the folder that the image is built from: code, or data that the app keeps beside it. */
type Beside = 'code' | 'data';

/** https://github.com/compose-spec/compose-spec/blob/main/05-services.md#volumes */
export function readVolumes(value: unknown, field: string, part: Part, { compose, report, service }: Reading): void {
  const built = builtFolder(builderOf(service, compose.services));
  for (const [index, item] of listOf(value).entries()) {
    const inside = below(field, index);
    const mount = isFields(item) ? longMount(item) : shortMount(textOf(item) ?? '');
    if (mount) addMount(mount, inside, part, report, built === undefined ? undefined : besideOf(mount, built));
    else report.left(inside, 'This is no volume as Compose writes them.');
    for (const key of ['consistency', 'bind', 'volume', 'image'])
      if (fieldOf(item, key) !== undefined)
        report.left(below(inside, key), 'Volumes of a manifest have no such detail.');
  }
}

/** Its own `build`, or that of the service which builds the image that it names. */
function builderOf(service: Fields, services: ReadonlyMap<string, Fields>): unknown {
  if (service.build !== undefined && service.build !== null) return service.build;
  const image = textOf(service.image);
  if (image === undefined) return undefined;
  return [...services.values()].find((other) => other.build && textOf(other.image) === image)?.build;
}

/** Names that people give to folders of data, whatever stands before or after them: `data`, `pgdata`, `shop-uploads`. */
const dataName =
  /^\.?([a-z0-9]+[-_.])*([a-z]*data|databases?|db|sqlite|uploads?|attachments?|storage|media|files|volumes?|backups?|logs?|cache|sessions?|var)([-_](dir|folder|volume|store))?$/i;
/** Where images keep their data. */
const dataPlace = /^\/(var\/(lib|opt|log|spool|mail|backups?)|data)(\/|$)/;

/**
 * What a folder of the machine is to the image that is built from `built`; undefined when it lies elsewhere. Data is
 * recognised by its names. In doubt there it stays a volume: what would be lost with each release can't be had again.
 */
function besideOf({ kind, source, target }: MountGiven, built: string): Beside | undefined {
  const place = kind === 'bind' && source !== undefined ? pathBelow(source) : undefined;
  if (place === undefined || !(built === '' || place === built || place.startsWith(`${built}/`))) return undefined;
  const names = [...place.slice(built.length).split('/'), target.split('/').findLast(Boolean) ?? ''];
  return dataPlace.test(target) || names.some((name) => dataName.test(name)) ? 'data' : 'code';
}

/** Puts what was mounted into the part as a volume of its own, or says why it can't be one. */
export function addMount(mount: MountGiven, field: string, part: Part, report: Report, beside?: Beside): void {
  const { kind, source, target, readOnly } = mount;
  const why =
    noVolume(mount) ??
    (beside === 'code'
      ? `${source} is in the folder that is built: the image has it, and an empty volume would hide it. If the app writes into ${target}, put that folder under needs as storage.`
      : undefined);
  if (why !== undefined) {
    report.left(field, why);
    return;
  }
  const path = fit(mountPath, target);
  if (path === undefined) report.left(field, `${target} is no folder where a manifest mounts a volume.`);
  else if (part.volumes.some((volume) => volume.path === path))
    report.left(field, `There is a volume at ${path} already.`);
  else {
    part.volumes.push({ path, field });
    if (beside === 'data')
      report.note(
        `${field}: ${source} is in the folder that is built, and is taken for data. The volume at ${path} starts empty and hides what the image has there; copy what is in it, or take the volume out of needs if it is code.`,
      );
    else if (kind === 'bind')
      report.note(
        `${field}: ${source} was a folder of the machine. The volume at ${path} starts empty; copy what is in it.`,
      );
    else if (source !== undefined)
      report.note(`${field}: the volume at ${path} starts empty; what is in ${source} is not copied.`);
    if (readOnly) report.note(`${field}: the volume was read-only; in a manifest volumes can be written.`);
  }
}

const machineFiles: readonly [RegExp, string][] = [
  [
    /docker\.sock$|podman\.sock$|containerd\.sock$/,
    'The engine’s socket gives whoever has it the whole machine; Minicloud hands it to no app.',
  ],
  [/^\/etc\/(localtime|timezone)$/, 'The machine’s clock: set the variable TZ instead.'],
  [
    /^\/(proc|sys|dev|run|boot|etc|usr|lib|bin|sbin|root)(\/|$)|^\/$/,
    'A folder of the machine’s own system; apps see none of it.',
  ],
];

/** Why a mount becomes no volume; undefined when it does. */
function noVolume({ kind, source, target, readOnly }: MountGiven): string | undefined {
  if (kind === 'tmpfs') return tmpfsWhy;
  if (kind === 'npipe' || kind === 'cluster' || kind === 'image') return `Minicloud has no mounts of type ${kind}.`;
  if (/node_modules|\/vendor(\/|$)|\.venv/.test(target))
    return 'It keeps installed packages apart while developing; they are in the image.';
  if (kind !== 'bind' || source === undefined) return undefined;
  const machine = machineFiles.find(([place]) => place.test(source));
  if (machine) return machine[1];
  if (/^\.?\/?$/.test(source)) return 'The source is mounted for developing; it belongs into the image.';
  if (/\.[a-z0-9]{1,8}$/i.test(source.replace(/.*\//, '').replace(/^\./, '')) || /\.[a-z]{2,5}$/i.test(target))
    return 'A file of the machine: it belongs into the image, or its values under env.';
  return readOnly ? 'A read-only folder of the machine: what is in it belongs into the image.' : undefined;
}

const tmpfsWhy = 'There is no memory file system but /tmp when security.read_only is on; other folders are on disk.';

export function readTmpfs(value: unknown, field: string, _part: Part, report: Report): void {
  for (const [index] of listOf(value).entries())
    report.left(Array.isArray(value) ? below(field, index) : field, tmpfsWhy);
}

function longMount(item: Record<string, unknown>): MountGiven | undefined {
  const target = textOf(item.target);
  const kind = textOf(item.type) ?? 'volume';
  if (target === undefined && kind !== 'npipe') return undefined;
  return { kind, source: textOf(item.source), target: target ?? '', readOnly: isOn(item.read_only) };
}

/** `[SOURCE:]TARGET[:MODE]`; a source with a slash, a dot or a drive in front is a folder of the machine. */
function shortMount(text: string): MountGiven | undefined {
  const match = /^(?:((?:[A-Za-z]:[\\/])?[^:]*):)?([^:]+?)(?::([a-z,A-Z]+))?$/.exec(text.trim());
  if (!match) return undefined;
  const [, source, target = '', mode = ''] = match;
  // `data:ro` is a name and a mode only where the second is no folder.
  if (!target.startsWith('/')) return undefined;
  const bind = source !== undefined && /^([./~\\]|[A-Za-z]:[\\/])/.test(source);
  return {
    kind: bind ? 'bind' : 'volume',
    source: source || undefined,
    target,
    readOnly: mode.split(',').includes('ro'),
  };
}
