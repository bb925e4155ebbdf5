/** The only queries on `tokens` and `access_codes`. */
import type { Scope, Token } from 'minicloud-shared/model/access';
import type { Db, Tables } from '../schema.ts';

export async function insertToken(db: Db, token: Token, hash: string, parent?: string): Promise<void> {
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
      parent: parent ?? null,
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

/** Ids of the live tokens that end with this one. */
export async function copiesOf(db: Db, id: string): Promise<string[]> {
  const rows = await db
    .selectFrom('tokens')
    .select('id')
    .where('parent', '=', id)
    .where('revoked_at', 'is', null)
    .execute();
  return rows.map((row) => row.id);
}

export interface StoredCode {
  hash: string;
  /** Id of the token that it was made with. */
  maker: string;
  token: { name: string; scope: Scope; apps?: string[] | undefined; expiresAt?: number | undefined };
  createdAt: number;
  expiresAt: number;
}

export async function insertCode(db: Db, code: StoredCode): Promise<void> {
  await db
    .insertInto('access_codes')
    .values({
      hash: code.hash,
      maker: code.maker,
      token_json: JSON.stringify(code.token),
      created_at: code.createdAt,
      expires_at: code.expiresAt,
    })
    .execute();
}

/** Takes the code out, so that of two who come at once one gets it. */
export async function takeCode(db: Db, hash: string): Promise<StoredCode | undefined> {
  const row = await db.deleteFrom('access_codes').where('hash', '=', hash).returningAll().executeTakeFirst();
  return (
    row && {
      hash: row.hash,
      maker: row.maker,
      token: JSON.parse(row.token_json) as StoredCode['token'],
      createdAt: row.created_at,
      expiresAt: row.expires_at,
    }
  );
}

export async function deleteExpiredCodes(db: Db, now: number): Promise<void> {
  await db.deleteFrom('access_codes').where('expires_at', '<=', now).execute();
}

export async function countCodes(db: Db, maker: string): Promise<number> {
  const row = await db
    .selectFrom('access_codes')
    .select((each) => each.fn.countAll<number>().as('count'))
    .where('maker', '=', maker)
    .executeTakeFirstOrThrow();
  return row.count;
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
