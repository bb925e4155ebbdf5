/** The only queries on `terminals`: programs that were started and not yet seen to end. */
import type { Db, Tables } from '../schema.ts';

export type TerminalRow = Tables['terminals'];

export async function insertTerminal(db: Db, row: TerminalRow): Promise<void> {
  await db.insertInto('terminals').values(row).execute();
}

export async function deleteTerminal(db: Db, id: string): Promise<void> {
  await db.deleteFrom('terminals').where('id', '=', id).execute();
}

export async function allTerminals(db: Db): Promise<TerminalRow[]> {
  return db.selectFrom('terminals').selectAll().orderBy('opened_at').execute();
}
