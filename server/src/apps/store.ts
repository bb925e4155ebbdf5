/** The only queries on `apps`. */
import { sql } from 'kysely';
import type { Db, Tables } from '../schema.ts';

export type AppRow = Tables['apps'];

export async function insertApp(db: Db, row: Omit<AppRow, 'subnet' | 'serving' | 'deleting_at'>): Promise<AppRow> {
  // The lowest free subnet, found and taken in one statement: two deploys of new apps never get the same.
  const free = sql<number>`(SELECT min(candidate) FROM (
    SELECT ${firstAppSubnet} AS candidate UNION SELECT subnet + 1 FROM apps) WHERE candidate NOT IN (SELECT subnet FROM apps))`;
  return db
    .insertInto('apps')
    .values({ ...row, subnet: free, serving: null, deleting_at: null })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Subnet 0 is the platform's own. */
const firstAppSubnet = 1;

export async function appByName(db: Db, name: string): Promise<AppRow | undefined> {
  return db.selectFrom('apps').selectAll().where('name', '=', name).executeTakeFirst();
}

export async function appById(db: Db, id: string): Promise<AppRow | undefined> {
  return db.selectFrom('apps').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function allApps(db: Db): Promise<AppRow[]> {
  return db.selectFrom('apps').selectAll().orderBy('name').execute();
}

export async function updateApp(
  db: Db,
  id: string,
  values: Partial<Pick<AppRow, 'serving' | 'environment' | 'updated_at' | 'deleting_at'>>,
): Promise<void> {
  await db.updateTable('apps').set(values).where('id', '=', id).execute();
}

export async function deleteApp(db: Db, id: string): Promise<void> {
  await db.deleteFrom('apps').where('id', '=', id).execute();
}
