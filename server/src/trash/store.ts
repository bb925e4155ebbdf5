/** The only queries on `deleted_apps`. */
import type { Db, Tables } from '../schema.ts';

export type DeletedRow = Tables['deleted_apps'];

export async function insertDeleted(db: Db, row: DeletedRow): Promise<void> {
  await db.insertInto('deleted_apps').values(row).execute();
}

/** The newest first. */
export async function deletedRows(db: Db): Promise<DeletedRow[]> {
  return db.selectFrom('deleted_apps').selectAll().orderBy('deleted_at', 'desc').orderBy('id').execute();
}

export async function dropDeleted(db: Db, id: string): Promise<void> {
  await db.deleteFrom('deleted_apps').where('id', '=', id).execute();
}
