/** The only queries on `bindings`. */
import type { Db, Tables } from '../schema.ts';

export type BindingRow = Tables['bindings'];

export async function bindingsOf(db: Db, appId: string): Promise<BindingRow[]> {
  return db.selectFrom('bindings').selectAll().where('app_id', '=', appId).execute();
}

export async function allBindings(db: Db): Promise<BindingRow[]> {
  return db.selectFrom('bindings').selectAll().execute();
}

export async function markGranted(db: Db, { app_id, service, env }: BindingRow, at: number): Promise<void> {
  await db
    .updateTable('bindings')
    .set({ granted_at: at })
    .where('app_id', '=', app_id)
    .where('service', '=', service)
    .where('env', '=', env)
    .where('granted_at', 'is', null)
    .execute();
}

/** The row that is there after the call: a concurrent insert wins for both. */
export async function insertBinding(db: Db, row: BindingRow): Promise<BindingRow> {
  await db
    .insertInto('bindings')
    .values(row)
    .onConflict((conflict) => conflict.columns(['app_id', 'service', 'env']).doNothing())
    .execute();
  return db
    .selectFrom('bindings')
    .selectAll()
    .where('app_id', '=', row.app_id)
    .where('service', '=', row.service)
    .where('env', '=', row.env)
    .executeTakeFirstOrThrow();
}
