/** The key is changed: everything sealed is sealed anew, and a stop at any step leaves every value to be opened. */
import assert from 'node:assert/strict';
import { readFile, rm, stat } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import { homePaths } from '../config.ts';
import type { Cloud } from '../context.ts';
import { createSealer, loadKeys } from '../platform/sealer.ts';
import { secretSetting } from '../settings/settings.ts';
import { rotateKeys, rotation } from './keys.ts';
import { sealedColumns } from './store.ts';

let companion: MemoryCompanion;
before(async () => {
  companion = await startMemoryCompanion();
  const manifest = (app: string) =>
    `name: ${app}\nimage: ${app}:1\nexpose: [{ port: 80 }]\nneeds: [database]\nsecrets: [KEY]\n`;
  for (const app of ['shop', 'blog']) {
    await companion.client.config.set.mutate({
      app,
      create: true,
      set: [{ name: 'KEY', value: `of ${app}`, kind: 'secret' }],
    });
    assert.equal((await companion.deploy(manifest(app))).state, 'succeeded');
  }
  await secretSetting(companion.cloud.db, companion.cloud.sealer, 'mariadb-root-password', () => 'root password');
});
after(() => companion.stop());

/** Every sealed value in clear, by its place; `places` throw when one does not open. */
async function opened({ db, sealer }: Pick<Cloud, 'db' | 'sealer'>): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { table, column, place, only, by } of sealedColumns) {
    const { rows } = await sql<Record<string, string>>`SELECT * FROM ${sql.table(table)}`.execute(db);
    for (const row of rows) {
      if (only && !only.includes(row[by[0] ?? ''] ?? '')) continue;
      found[place(row)] = sealer.open(row[column] ?? '', place(row));
    }
  }
  return found;
}

test('the list of what is sealed is whole', async () => {
  const { rows } = await sql<{ place: string }>`SELECT tables.name || '.' || columns.name AS place
    FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table' AND columns.name LIKE '%sealed%'`.execute(companion.cloud.db);
  const listed = sealedColumns.map(({ table, column }) => `${table}.${column}`);
  for (const { place } of rows) assert.ok(listed.includes(place), place);
  assert.equal(rows.length, listed.length - 1, 'all but the setting');
  const kinds = new Set(Object.keys(await opened(companion.cloud)).map((place) => place.split('|')[0]));
  assert.deepEqual(
    [...kinds].sort(),
    ['bindings', 'certificates', 'configs', 'settings'],
    'there is one of each to try',
  );
});

test('everything is sealed with the new key, and nothing opens with the old one', async () => {
  const { cloud, home } = companion;
  const path = homePaths(home).key;
  const old = createSealer(await loadKeys(path));
  const before = await opened(cloud);
  const { values } = await companion.client.keys.rotate.mutate();
  assert.equal(values, Object.keys(before).length);
  assert.deepEqual(await opened(cloud), before);
  assert.deepEqual(
    await opened({ db: cloud.db, sealer: createSealer(await loadKeys(path)) }),
    before,
    'as after a start',
  );
  await assert.rejects(opened({ db: cloud.db, sealer: old }), /could not be opened/);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await readFile(path, 'utf8')).trim().split('\n').length, 1);
  await companion.client.config.set.mutate({
    app: 'shop',
    set: [{ name: 'MORE', value: 'x', kind: 'config' }],
    deploy: false,
  });
});

test('stopped after any step, everything opens, and the next start goes on to the end', async () => {
  const before = await opened(companion.cloud);
  let steps = 0;
  for (let stopAfter = 1; ; stopAfter += 1) {
    const copy = await companion.homeIfKilled();
    const killed = await startMemoryCompanion({ home: copy });
    const going = rotation(killed.cloud);
    let ended = false;
    for (let step = 0; step < stopAfter && !ended; step += 1) ended = (await going.next()).done === true;
    const left = await killed.homeIfKilled();
    await killed.stop();
    const next = await startMemoryCompanion({ home: left });
    try {
      assert.deepEqual(await opened(next.cloud), before, `after step ${stopAfter}`);
      assert.equal((await loadKeys(homePaths(left).key)).length, 1, `one key after step ${stopAfter}`);
      assert.deepEqual(
        next.log.filter((line) => line.includes('ERROR')),
        [],
      );
    } finally {
      await next.stop();
    }
    for (const folder of [copy, left]) await rm(folder, { recursive: true, force: true });
    if (ended) break;
    steps = stopAfter;
  }
  assert.ok(steps >= 7, `${steps} steps: both keys, the new one, each table twice, one key`);
});

test('what is sealed with the old key while it is being changed is not left behind', async () => {
  const { cloud } = companion;
  const late = cloud.sealer.seal('late password', 'certificates|late.example.com|key');
  const going = rotation(cloud);
  for (let step = await going.next(); !step.done; step = await going.next()) {
    if (step.value !== 'sealed certificates') continue;
    await cloud.db
      .insertInto('certificates')
      .values({
        host: 'late.example.com',
        kind: 'local',
        certificate_pem: '',
        key_sealed: late,
        not_before: 0,
        not_after: 0,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  assert.equal((await opened(cloud))['certificates|late.example.com|key'], 'late password');
});

test('a value that nothing opens keeps the old key, and says where it is', async () => {
  const { cloud, home } = companion;
  const broken = createSealer(Buffer.alloc(32)).seal('x', 'certificates|late.example.com|key');
  await cloud.db
    .updateTable('certificates')
    .set({ key_sealed: broken })
    .where('host', '=', 'late.example.com')
    .execute();
  await assert.rejects(rotateKeys(cloud), /late\.example\.com/);
  assert.equal((await loadKeys(homePaths(home).key)).length, 2);
  await cloud.db.deleteFrom('certificates').where('host', '=', 'late.example.com').execute();
  await rotateKeys(cloud);
  assert.equal((await loadKeys(homePaths(home).key)).length, 1);
});
