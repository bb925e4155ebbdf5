/** Queries of one text share a prepared statement: what they answer is never older than the tables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { openDatabase } from './db.ts';

test('a query that is asked again knows the columns that came meanwhile, and those of one text do not meet', async () => {
  const db = await openDatabase<{ shelf: { place: number } }>(':memory:', {});
  await sql`create table shelf (place integer)`.execute(db);
  for (const place of [1, 2]) await db.insertInto('shelf').values({ place }).execute();
  const all = () => db.selectFrom('shelf').selectAll().orderBy('place').execute();
  assert.deepEqual(await all(), [{ place: 1 }, { place: 2 }]);
  await sql`alter table shelf add column book text default 'none'`.execute(db);
  assert.deepEqual(await all(), [
    { place: 1, book: 'none' },
    { place: 2, book: 'none' },
  ]);
  const at = (place: number) => db.selectFrom('shelf').select('place').where('place', '=', place).execute();
  assert.deepEqual(await Promise.all([at(1), at(2), at(3)]), [[{ place: 1 }], [{ place: 2 }], []]);
  await db.destroy();
});

test('more texts than are kept are answered, and again', async () => {
  const db = await openDatabase<Record<string, never>>(':memory:', {});
  for (const _ of ['once', 'again'])
    for (let number = 0; number < 250; number += 1) {
      const { rows } = await sql.raw<{ n: number }>(`select ${number} as n`).execute(db);
      assert.equal(rows[0]?.n, number);
    }
  await db.destroy();
});
