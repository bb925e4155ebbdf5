/** The only queries on `configs`. */
import type { ConfigKind } from 'minicloud-shared/model/config';
import type { Db, Tables } from '../schema.ts';

export type ConfigRow = Tables['configs'];

/** What people see of a value. */
export interface ConfigName {
  name: string;
  kind: ConfigKind;
  /** When its value was last changed, and by whom. */
  at: number;
  by: string;
}

/** For a transaction. Writes nothing when the app is gone or being deleted, or has such a version already, and says which. */
export async function insertConfig(db: Db, row: ConfigRow): Promise<'stored' | 'deleting' | 'taken'> {
  const app = await db.selectFrom('apps').select('deleting_at').where('id', '=', row.app_id).executeTakeFirst();
  if (!app || app.deleting_at !== null) return 'deleting';
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('configs')
    .values(row)
    .onConflict((conflict) => conflict.columns(['app_id', 'version']).doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 0n ? 'taken' : 'stored';
}

export async function newestConfig(db: Db, appId: string): Promise<ConfigRow | undefined> {
  return newest(db, appId).executeTakeFirst();
}

export async function findConfig(db: Db, appId: string, version: number): Promise<ConfigRow | undefined> {
  return db
    .selectFrom('configs')
    .selectAll()
    .where('app_id', '=', appId)
    .where('version', '=', version)
    .executeTakeFirst();
}

/** The newest names of every app that is there: one query however many apps there are. */
export async function everyNewestNames(db: Db): Promise<{ app: string; names: ConfigName[] }[]> {
  const rows = await db
    .selectFrom('configs')
    .innerJoin('apps', 'apps.id', 'configs.app_id')
    .select(['apps.name as app', 'configs.names_json'])
    .where('configs.version', '=', (eb) =>
      eb
        .selectFrom('configs as others')
        .select((other) => other.fn.max('others.version').as('version'))
        .whereRef('others.app_id', '=', 'configs.app_id'),
    )
    .execute();
  return rows.map(({ app, names_json }) => ({ app, names: JSON.parse(names_json) as ConfigName[] }));
}

/** The newest version up to one that a rollback brought back. */
export async function newestRestored(db: Db, appId: string, upTo: number): Promise<ConfigRow | undefined> {
  return newest(db, appId).where('version', '<=', upTo).where('instead_of', 'is not', null).executeTakeFirst();
}

function newest(db: Db, appId: string) {
  return db.selectFrom('configs').selectAll().where('app_id', '=', appId).orderBy('version', 'desc').limit(1);
}

/** All other versions go: no release can want them any more. */
export async function keepVersion(db: Db, appId: string, version: number): Promise<void> {
  await db.deleteFrom('configs').where('app_id', '=', appId).where('version', '!=', version).execute();
}

export async function deleteConfigs(db: Db, appId: string): Promise<void> {
  await db.deleteFrom('configs').where('app_id', '=', appId).execute();
}

export function namesOf(row: Pick<ConfigRow, 'names_json'>): ConfigName[] {
  return JSON.parse(row.names_json) as ConfigName[];
}
