/** Whose an operation is: of which app of a name, and of which token its key. */
import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql } from 'kysely';
import { migrations } from '../migrations.ts';
import type { Db, Tables } from '../schema.ts';
import { openDatabase } from './db.ts';
import { createEvents } from './events.ts';
import { createLog, createRedactor } from './log.ts';
import { createOperations } from './operations.ts';

const newPath = async () => join(await mkdtemp(join(tmpdir(), 'minicloud-db-')), 'minicloud.db');

test('the same key of another token, for other work or for another app of the name is another operation', async () => {
  const db = await openDatabase<Tables>(await newPath(), migrations);
  const clock = { now: () => Date.now() };
  const log = createLog(createRedactor(), () => {}, clock.now);
  const operations = createOperations({ db, events: await createEvents(db, clock), clock, log });
  const request = { token: 't1', key: 'k-12345678' };
  const usual = { kind: 'deploy', app: 'shop', appId: 'a1', by: 'me', request, run: async () => {} } as const;
  const wanted = [
    usual,
    { ...usual, request: { ...request, token: 't2' } },
    { ...usual, kind: 'delete' },
    { ...usual, appId: 'a2' },
  ] as const;
  const all = await Promise.all(wanted.map((start) => operations.start(start)));
  assert.equal(new Set(all.map(({ id }) => id)).size, wanted.length);
  for (const { id } of all) await operations.finished(id);
  for (const [index, { kind, app, appId, request }] of wanted.entries())
    assert.equal((await operations.find({ kind, app, appId, ...request }))?.id, all[index]?.id);
  assert.equal(await operations.find({ kind: 'rollback', app: 'shop', appId: 'a1', ...request }), undefined);
});

test('operations of an earlier version keep their key and get the app and the token that can be told', async () => {
  const path = await newPath();
  const earlier = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0007'));
  const before: Db = await openDatabase<Tables>(path, earlier);
  const run = (statement: string) => sql.raw(statement).execute(before);
  const operation = (id: string, app: string, by: string, key: string, at: number) =>
    run(`INSERT INTO operations (id, kind, app, state, by, steps_json, idempotency_key, created_at)
      VALUES ('${id}', 'deploy', '${app}', 'running', '${by}', '[]', '${key}', ${at})`);
  for (const [index, [name, at]] of [
    ['shop', 10],
    ['anew', 50],
    ['back', 10],
  ].entries())
    await run(`INSERT INTO apps (id, name, kind, environment, subnet, created_at, updated_at)
      VALUES ('id-${name}', '${name}', 'container', 'production', ${index + 1}, ${at}, ${at})`);
  await run(`INSERT INTO deleted_apps VALUES ('id-other', 'back', 'production', 20, 40, 'me', '[]')`);
  for (const [id, name] of [
    ['t1', 'ci'],
    ['t2', 'twin'],
    ['t3', 'twin'],
    ['t4', 'late'],
  ])
    await run(
      `INSERT INTO tokens (id, name, scope, hash, created_at) VALUES ('${id}', '${name}', 'deploy', '${id}', 1)`,
    );
  for (const [token, key, at] of [
    ['t1', 'k1', 15],
    ['t2', 'k2', 15],
    ['t3', 'k2', 15],
    ['t4', 'k3', 90],
    ['t2', 'k1', 15],
  ])
    await run(`INSERT INTO request_keys VALUES ('${token}', '${key}', 'hash', ${at})`);
  await operation('of-shop', 'shop', 'ci', 'k1', 20);
  await operation('of-twins', 'shop', 'twin', 'k2', 21);
  await operation('key-came-later', 'shop', 'late', 'k3', 22);
  await operation('before-anew', 'anew', 'ci', 'k1', 30);
  await operation('before-back', 'back', 'ci', 'k1', 30);
  await before.destroy();

  const db: Db = await openDatabase<Tables>(path, migrations);
  const rows = await db.selectFrom('operations').selectAll().orderBy('created_at').orderBy('id').execute();
  assert.deepEqual(
    rows.map(({ id, app_id, token, idempotency_key }) => [id, app_id, token, idempotency_key]),
    [
      ['of-shop', 'id-shop', 't1', 'k1'],
      ['of-twins', 'id-shop', null, 'k2'],
      ['key-came-later', 'id-shop', null, 'k3'],
      ['before-anew', null, 't1', 'k1'],
      ['before-back', null, 't1', 'k1'],
    ],
  );
  await db.destroy();
});
