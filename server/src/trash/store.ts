/** The only queries on `deleted_apps`. */
import type { Db, Tables } from '../schema.ts';

export type DeletedRow = Tables['deleted_apps'];

export async function insertDeleted(db: Db, row: Omit<DeletedRow, 'removing_at'>): Promise<void> {
  await db.insertInto('deleted_apps').values(row).execute();
}

/** The newest first. */
export async function deletedRows(db: Db): Promise<DeletedRow[]> {
  return db.selectFrom('deleted_apps').selectAll().orderBy('deleted_at', 'desc').orderBy('id').execute();
}

/** Takes out one that is to come back; false when it is not there, was deleted before `since`, or is being removed. */
export async function takeDeleted(db: Db, id: string, since: number): Promise<boolean> {
  const taken = await db
    .deleteFrom('deleted_apps')
    .where('id', '=', id)
    .where('deleted_at', '>', since)
    .where('removing_at', 'is', null)
    .executeTakeFirst();
  return taken.numDeletedRows > 0n;
}

/** Those deleted until then are given out no more: their data is about to be removed. */
export async function claimDeleted(db: Db, until: number, at: number): Promise<DeletedRow[]> {
  return db
    .updateTable('deleted_apps')
    .set((row) => ({ removing_at: row.fn.coalesce('removing_at', row.val(at)) }))
    .where('deleted_at', '<=', until)
    .returningAll()
    .execute();
}

export async function dropDeleted(db: Db, id: string): Promise<void> {
  await db.deleteFrom('deleted_apps').where('id', '=', id).execute();
}
