/** The only queries on `apps`. */
import { sql } from 'kysely';
import type { Db, Tables } from '../schema.ts';

export type AppRow = Tables['apps'];

/** What a subnet is chosen from: numbers under `count`, without those taken. */
export interface Choice {
  taken: readonly number[];
  count: number;
}

/**
 * The lowest free subnet from `first` on, as an expression: found and taken in one statement, so that two deploys of
 * new apps never get the same. It is the first, or follows one that is taken: nothing else is looked at.
 */
function lowestFree({ taken, count }: Choice, first: number) {
  const others = sql`SELECT value FROM json_each(${JSON.stringify(taken)})`;
  return sql<number>`(SELECT min(candidate) FROM (
    SELECT ${first} AS candidate UNION SELECT subnet + 1 FROM apps UNION SELECT value + 1 FROM (${others}))
    WHERE candidate BETWEEN ${first} AND ${count - 1}
      AND candidate NOT IN (SELECT subnet FROM apps) AND candidate NOT IN (${others}))`;
}

/** Subnet 0 is for the platform's own network, where it is free. */
const firstAppSubnet = 1;

/** Fails on `apps.subnet` when none is free. */
export async function insertApp(
  db: Db,
  row: Omit<AppRow, 'subnet' | 'serving' | 'deleting_at'>,
  choice: Choice,
): Promise<AppRow> {
  return db
    .insertInto('apps')
    .values({ ...row, subnet: lowestFree(choice, firstAppSubnet), serving: null, deleting_at: null })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/**
 * Gives the app another subnet, the first free one from `from` on or else from the start; undefined when it is gone.
 * Fails on `apps.subnet` when none is free.
 */
export async function moveSubnet(db: Db, id: string, choice: Choice, from: number): Promise<AppRow | undefined> {
  return db
    .updateTable('apps')
    .set({
      subnet: sql<number>`coalesce(${lowestFree(choice, Math.max(from, firstAppSubnet))}, ${lowestFree(choice, firstAppSubnet)})`,
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
}

/** One that no app has, for a network of the platform; the first free one from `from` on or else from the start. */
export async function findFreeSubnet(db: Db, choice: Choice, from: number): Promise<number | undefined> {
  const found = sql<number | null>`coalesce(${lowestFree(choice, from)}, ${lowestFree(choice, 0)})`;
  const { index } = await db.selectNoFrom(found.as('index')).executeTakeFirstOrThrow();
  return index ?? undefined;
}

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
