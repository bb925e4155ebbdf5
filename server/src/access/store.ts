/** The only queries on `tokens`. */
import type { Scope, Token } from 'minicloud-shared/model/access';
import type { Db, Tables } from '../schema.ts';

export async function insertToken(db: Db, token: Token, hash: string): Promise<void> {
  await db
    .insertInto('tokens')
    .values({
      id: token.id,
      name: token.name,
      scope: token.scope,
      apps_json: token.apps ? JSON.stringify(token.apps) : null,
      hash,
      created_at: token.createdAt,
      expires_at: token.expiresAt ?? null,
      last_used_at: null,
      revoked_at: null,
    })
    .execute();
}

export async function listTokens(db: Db): Promise<Token[]> {
  const rows = await db
    .selectFrom('tokens')
    .selectAll()
    .where('revoked_at', 'is', null)
    .orderBy('created_at')
    .execute();
  return rows.map(fromRow);
}

/** The live token of that id with its hash. */
export async function findToken(db: Db, id: string): Promise<{ token: Token; hash: string } | undefined> {
  const row = await db
    .selectFrom('tokens')
    .selectAll()
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return row && { token: fromRow(row), hash: row.hash };
}

export async function touchToken(db: Db, id: string, at: number): Promise<void> {
  await db.updateTable('tokens').set({ last_used_at: at }).where('id', '=', id).execute();
}

/** True when there was such a live token. */
export async function revokeToken(db: Db, id: string, at: number): Promise<boolean> {
  const result = await db
    .updateTable('tokens')
    .set({ revoked_at: at })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

function fromRow(row: Tables['tokens']): Token {
  return {
    id: row.id,
    name: row.name,
    scope: row.scope as Scope,
    ...(row.apps_json === null ? {} : { apps: JSON.parse(row.apps_json) as string[] }),
    createdAt: row.created_at,
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
  };
}
