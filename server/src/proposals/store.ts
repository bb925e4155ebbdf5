/** The only queries on `proposals`. */
import type { Db, Tables } from '../schema.ts';

export type ProposalRow = Tables['proposals'];

export async function insertProposal(db: Db, row: ProposalRow): Promise<void> {
  await db.insertInto('proposals').values(row).execute();
}

export async function findProposal(db: Db, id: string): Promise<ProposalRow | undefined> {
  return db.selectFrom('proposals').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Newest first. */
export async function listProposals(
  db: Db,
  apps: readonly string[] | undefined,
  limit: number,
): Promise<ProposalRow[]> {
  const query = db.selectFrom('proposals').selectAll().orderBy('created_at', 'desc').limit(limit);
  return (apps === undefined ? query : query.where('app', 'in', apps)).execute();
}

export async function countOpen(db: Db, app: string, now: number): Promise<number> {
  const { count } = await db
    .selectFrom('proposals')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('app', '=', app)
    .where('state', '=', 'open')
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow();
  return count;
}

/** False when it was open no longer. */
export async function closeProposal(db: Db, id: string, state: 'applied' | 'discarded', now: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('proposals')
    .set({ state })
    .where('id', '=', id)
    .where('state', '=', 'open')
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function openWithPlan(db: Db, app: string, planHash: string): Promise<ProposalRow[]> {
  return db
    .selectFrom('proposals')
    .selectAll()
    .where('app', '=', app)
    .where('plan_hash', '=', planHash)
    .where('state', '=', 'open')
    .execute();
}

/** Takes away what ended before `at`. */
export async function dropProposals(db: Db, at: number): Promise<void> {
  await db.deleteFrom('proposals').where('expires_at', '<', at).execute();
}
