/**
 * Volumes: data that outlives every release. No deploy, rename or prune removes one; deleting an app puts its volumes
 * in the trash, from which only time (7 days) or an explicit delete takes them.
 */
import { createHash } from 'node:crypto';
import type { ContainerManifest } from 'minicloud-shared/manifest/model';
import type { AppRow } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import type { Db } from '../schema.ts';
import {
  dropVolumeRow,
  ensureVolumeRow,
  trashedVolumesOf,
  trashVolumeRows,
  untrashVolumeRows,
  type VolumeRow,
  volumesOf,
} from './store.ts';

export type { VolumeRow } from './store.ts';

/** A volume where it is mounted. */
export interface Mount {
  volume: string;
  path: string;
  /** Support container that has it to itself; empty for what the processes of the app share. */
  owner: string;
}

/** What is known of the app's volumes: those that are there keep their names. */
export type KnownVolumes = readonly Pick<VolumeRow, 'name' | 'owner' | 'path'>[];

export async function knownVolumes(cloud: Cloud, app: Pick<AppRow, 'id'>): Promise<KnownVolumes> {
  return volumesOf(cloud.db, app.id);
}

/** What each process of the manifest has mounted. */
export function storageMounts(app: Pick<AppRow, 'id'>, manifest: ContainerManifest, known: KnownVolumes): Mount[] {
  return manifest.needs.flatMap((need) => (need.kind === 'storage' ? [mount(app, '', need.path, known)] : []));
}

export function supportMounts(
  app: Pick<AppRow, 'id'>,
  support: { name: string; volumes: { path: string }[] },
  known: KnownVolumes,
): Mount[] {
  return support.volumes.map(({ path }) => mount(app, support.name, path, known));
}

function mount(app: Pick<AppRow, 'id'>, owner: string, path: string, known: KnownVolumes): Mount {
  const there = known.find((volume) => volume.owner === owner && volume.path === path);
  return { volume: there?.name ?? volumeName(app, owner, path), path, owner };
}

/**
 * Engine name of a volume that is made now. Its words are for people who look at the engine; two places may have the
 * same ones, so that what tells them apart is the hash.
 */
function volumeName(app: Pick<AppRow, 'id'>, owner: string, path: string): string {
  const words = `${owner}/${path}`.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '');
  const hash = createHash('sha256')
    .update(JSON.stringify([owner, path]))
    .digest('hex')
    .slice(0, 10);
  return `minicloud_volume_${app.id}_${words.slice(0, 60) || 'root'}_${hash}`;
}

/** Records and makes the volume. */
export async function ensureVolume(
  cloud: Cloud,
  app: AppRow,
  mount: Mount,
  labels: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  await ensureVolumeRow(cloud.db, {
    name: mount.volume,
    app_id: app.id,
    owner: mount.owner,
    path: mount.path,
    created_at: cloud.clock.now(),
  });
  await cloud.engine.ensureVolume(mount.volume, labels, { signal });
}

export async function appVolumes(cloud: Cloud, app: Pick<AppRow, 'id'>) {
  return (await volumesOf(cloud.db, app.id)).map(shown);
}

/** Those of an app that was deleted. */
export async function trashedVolumes(cloud: Cloud, app: Pick<AppRow, 'id'>) {
  return (await trashedVolumesOf(cloud.db, app.id)).map(shown);
}

function shown({ name, path, owner, created_at }: VolumeRow) {
  return { name, path, ...(owner === '' ? {} : { support: owner }), createdAt: created_at };
}

/** The app goes; its data stays in the trash. */
export async function trashVolumes(db: Db, app: Pick<AppRow, 'id'>, at: number): Promise<void> {
  await trashVolumeRows(db, app.id, at);
}

/** The app is back, and has its data again. */
export async function readmitVolumes(db: Db, app: Pick<AppRow, 'id'>): Promise<void> {
  await untrashVolumeRows(db, app.id);
}

/** Removes the volumes that a deleted app has in the trash, with all that is in them. */
export async function removeVolumes(cloud: Cloud, app: Pick<AppRow, 'id'>, signal: AbortSignal): Promise<void> {
  for (const { name } of await trashedVolumesOf(cloud.db, app.id)) {
    await cloud.engine.removeVolume(name, { signal });
    await dropVolumeRow(cloud.db, name);
  }
}
