/**
 * Volumes: data that outlives every release. No deploy, rename or prune removes one; deleting an app puts its volumes
 * in the trash, from which only time (7 days) or an explicit delete takes them.
 */
import type { ContainerManifest } from 'minicloud-shared/manifest/model';
import type { AppRow } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import { ensureVolumeRow, trashVolumeRows, volumesOf } from './store.ts';

export interface Mount {
  volume: string;
  path: string;
}

/** Engine name of the app's volume at a path; the same for the life of the app. */
export function volumeName(app: Pick<AppRow, 'id'>, path: string): string {
  const slug = path.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '');
  return `minicloud_volume_${app.id}_${slug || 'root'}`;
}

/** What each process of the manifest has mounted. */
export function storageMounts(app: Pick<AppRow, 'id'>, manifest: ContainerManifest): Mount[] {
  return manifest.needs.flatMap((need) =>
    need.kind === 'storage' ? [{ volume: volumeName(app, need.path), path: need.path }] : [],
  );
}

export function supportMounts(
  app: Pick<AppRow, 'id'>,
  support: { name: string; volumes: { path: string }[] },
): Mount[] {
  return support.volumes.map(({ path }) => ({ volume: volumeName(app, `${support.name}/${path}`), path }));
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
    path: mount.path,
    created_at: cloud.clock.now(),
  });
  await cloud.engine.ensureVolume(mount.volume, labels, { signal });
}

export async function appVolumes(cloud: Cloud, app: Pick<AppRow, 'id'>) {
  const rows = await volumesOf(cloud.db, app.id);
  return rows.map((row) => ({ name: row.name, path: row.path, createdAt: row.created_at }));
}

/** The app goes; its data stays in the trash. */
export async function trashVolumes({ db, clock }: Pick<Cloud, 'db' | 'clock'>, app: Pick<AppRow, 'id'>): Promise<void> {
  await trashVolumeRows(db, app.id, clock.now());
}
