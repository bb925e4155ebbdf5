/** The only queries on `domains`. */
import type { Db } from '../schema.ts';

/** Id of the app that owns the name after the call. */
export async function claimDomain(db: Db, name: string, appId: string, at: number): Promise<string> {
  await db
    .insertInto('domains')
    .values({ name, app_id: appId, created_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db.selectFrom('domains').select('app_id').where('name', '=', name).executeTakeFirstOrThrow();
  return row.app_id;
}

export async function releaseDomainsExcept(db: Db, appId: string, keep: string[]): Promise<void> {
  let query = db.deleteFrom('domains').where('app_id', '=', appId);
  if (keep.length > 0) query = query.where('name', 'not in', keep);
  await query.execute();
}

export async function domainsOf(db: Db, appId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('domains')
    .select('name')
    .where('app_id', '=', appId)
    .orderBy('created_at')
    .execute();
  return rows.map((row) => row.name);
}

export async function domainOwners(db: Db): Promise<{ name: string; app: string }[]> {
  return db
    .selectFrom('domains')
    .innerJoin('apps', 'apps.id', 'domains.app_id')
    .select(['domains.name as name', 'apps.name as app'])
    .execute();
}
