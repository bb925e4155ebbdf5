/** The only queries on `volumes`. */
import type { Db, Tables } from '../schema.ts';

export type VolumeRow = Tables['volumes'];

export async function ensureVolumeRow(db: Db, row: Omit<Tables['volumes'], 'trashed_at'>): Promise<void> {
  await db
    .insertInto('volumes')
    .values({ ...row, trashed_at: null })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ trashed_at: null }))
    .execute();
}

export async function volumesOf(db: Db, appId: string): Promise<Tables['volumes'][]> {
  return db
    .selectFrom('volumes')
    .selectAll()
    .where('app_id', '=', appId)
    .where('trashed_at', 'is', null)
    .orderBy('owner')
    .orderBy('path')
    .execute();
}

export async function trashVolumeRows(db: Db, appId: string, at: number): Promise<void> {
  await db
    .updateTable('volumes')
    .set({ trashed_at: at })
    .where('app_id', '=', appId)
    .where('trashed_at', 'is', null)
    .execute();
}

export async function trashedVolumesOf(db: Db, appId: string): Promise<VolumeRow[]> {
  return db
    .selectFrom('volumes')
    .selectAll()
    .where('app_id', '=', appId)
    .where('trashed_at', 'is not', null)
    .orderBy('owner')
    .orderBy('path')
    .execute();
}

export async function untrashVolumeRows(db: Db, appId: string): Promise<void> {
  await db.updateTable('volumes').set({ trashed_at: null }).where('app_id', '=', appId).execute();
}

export async function dropVolumeRow(db: Db, name: string): Promise<void> {
  await db.deleteFrom('volumes').where('name', '=', name).execute();
}
