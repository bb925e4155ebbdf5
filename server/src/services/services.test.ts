/** Bindings of an earlier version: their databases are there, and are found again. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { migrations } from '../migrations.ts';
import { openDatabase } from '../platform/db.ts';
import type { Tables } from '../schema.ts';
import { keptBindings } from './services.ts';

test('what was bound before grants were written down goes to the trash as granted', async (t) => {
  const home = await mkdtemp(path.join(tmpdir(), 'minicloud-bindings-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const file = path.join(home, 'minicloud.db');
  const earlier = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0008'));
  const old = await openDatabase<Tables>(file, earlier);
  const app = { id: 'app1', name: 'shop', kind: 'container', environment: 'production', subnet: 1 };
  await old
    .insertInto('apps')
    .values({ ...app, serving: null, created_at: 1, updated_at: 1, deleting_at: null })
    .execute();
  const row = { app_id: 'app1', service: 'mariadb', env: 'DATABASE_URL', name: 'shop_app1', password_sealed: 'x' };
  await old
    .insertInto('bindings')
    .values({ ...row, created_at: 1 } as Tables['bindings'])
    .execute();
  await old.destroy();

  const db = await openDatabase<Tables>(file, migrations);
  assert.deepEqual(await keptBindings(db, app), [{ service: 'mariadb', env: 'DATABASE_URL', name: 'shop_app1' }]);
  await db.destroy();
});
