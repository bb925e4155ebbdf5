/** What is stored of config vars and secrets, and who finds a value taken out of a text. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import Database from 'better-sqlite3';
import { type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';

const secret = 'Quite-Long-And-Secret-8341';
const pem = `-----BEGIN KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC'}\n${'BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj'}\n-----END KEY-----\n`;
let home: string;
let companion: MemoryCompanion;
const start = () =>
  startMemoryCompanion({
    home,
    // Prints all it has, and in one app what it guesses of others.
    behaviour: ({ env }) => {
      const lines = [
        ...JSON.stringify(env).split('\\n'),
        ...(env.GUESSES ?? '').split(' '),
        ...(env.PEM ?? '').split('\n'),
      ];
      return { logs: lines, ...(env.FAIL === undefined ? {} : { exitCode: 1, healthy: false }) };
    },
  });
before(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'minicloud-configs-'));
  companion = await start();
});
after(async () => {
  await companion.stop();
  await rm(home, { recursive: true, force: true });
});

const manifest = (app: string, more = '') => `name: ${app}\nimage: ${app}:1\nexpose: [{ port: 80 }]\n${more}`;
const values = (kind: 'config' | 'secret', found: Record<string, string>) =>
  Object.entries(found).map(([name, value]) => ({ name, value, kind }));
const logOf = async (app: string) =>
  (await companion.client.logs.tail.query({ app, lines: 100 })).map(({ text }) => text).join('\n');

test('no value is on disk in clear, in a log, an event, an operation or an answer', async () => {
  const { client } = companion;
  await client.config.set.mutate({ app: 'shop', create: true, set: values('secret', { KEY: secret, PEM: pem }) });
  await client.config.set.mutate({ app: 'shop', set: values('config', { DB_PASSWORD: `${secret}-too` }) });
  assert.equal((await companion.deploy(manifest('shop', 'secrets: [KEY, PEM]\n'))).state, 'succeeded');
  const failed = await companion.deploy(manifest('shop', 'secrets: [KEY, PEM]\nenv: { FAIL: "yes" }\n'));
  assert.equal(failed.state, 'failed');
  assert.match(JSON.stringify(failed.problem?.evidence), /redacted/);
  const told: Record<string, string | Buffer> = {
    log: await logOf('shop'),
    failed: JSON.stringify(failed),
    list: JSON.stringify(await client.config.list.query({ app: 'shop' })),
    app: JSON.stringify(await client.apps.get.query({ name: 'shop' })),
    releases: JSON.stringify(await client.releases.list.query({ app: 'shop' })),
    events: JSON.stringify(await companion.cloud.events.after(0, 10_000)),
    companion: companion.log.join('\n'),
  };
  assert.match(String(told.log), /redacted/);
  for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile()) told[file] = readFileSync(file);
  }
  for (const [place, text] of Object.entries(told))
    for (const [name, value] of Object.entries({ secret, line: pem.split('\n')[1] ?? '' }))
      assert.ok(!text.includes(value), `${name} is in ${place}`);
});

test('after a restart the values are known to what must not show them', async () => {
  // Of an app that nothing is opened for: it was never deployed.
  const unserved = 'Another-Secret-55121';
  await companion.client.config.set.mutate({ app: 'unserved', create: true, set: values('secret', { A: unserved }) });
  await companion.stop();
  companion = await start();
  companion.cloud.log.info('somebody says', { it: secret, and: unserved });
  await companion.cloud.events.append({ by: 'me', app: 'shop', body: { kind: 'server.changed', what: secret } });
  for (const value of [secret, unserved]) assert.ok(!companion.log.join('\n').includes(value), value);
  assert.ok(!JSON.stringify(await companion.cloud.events.after(0, 10_000)).includes(secret));
});

test('an app finds out nothing of another one by printing guesses', async () => {
  const guesses = `wrong-guess-1234 ${secret}`;
  assert.equal((await companion.deploy(manifest('prober', `env: { GUESSES: "${guesses}" }\n`))).state, 'succeeded');
  assert.doesNotMatch(await logOf('prober'), /redacted/);
  const failed = await companion.deploy(manifest('prober', `env: { GUESSES: "${guesses}", FAIL: "yes" }\n`));
  assert.doesNotMatch(JSON.stringify(failed), /redacted/);
});

test('a config var that is a usual word takes it from nobody, and a secret that is one breaks nothing', async () => {
  const { client, cloud } = companion;
  const usual = { ...{ ENVIRONMENT: 'production', STATE: 'succeeded', KIND: 'operation.changed', NAME: 'wordy' } };
  await client.config.set.mutate({ app: 'wordy', create: true, set: values('config', usual) });
  const hidden = { A: 'succeeded', B: 'operation.changed', C: 'release.changed', D: 'current', E: 'app.changed' };
  await client.config.set.mutate({ app: 'wordy', set: values('secret', hidden) });
  const mark = await cloud.events.latest();
  const operation = await companion.deploy(manifest('wordy', 'secrets: [A, B, C, D, E]\n'));
  assert.equal(operation.state, 'succeeded');
  const stored = await client.operations.get.query({ id: operation.id });
  assert.deepEqual([stored.state, stored.kind, stored.app], ['succeeded', 'deploy', 'wordy']);
  const kinds = (await cloud.events.after(mark, 1000)).map(({ body }) => body.kind);
  for (const kind of ['operation.changed', 'release.changed', 'app.changed'] as const)
    assert.ok(kinds.includes(kind), kind);
  assert.match(await logOf('wordy'), /production/);
});

test('a version never changes', async () => {
  await assert.rejects(
    companion.cloud.db.updateTable('configs').set({ names_json: '[]' }).execute(),
    /configs are append-only/,
  );
});

test('values of one app that nothing opens keep no other from starting, and are told of', async () => {
  const copy = await companion.homeIfKilled();
  const database = new Database(path.join(copy, 'minicloud.db'));
  const sealed = Buffer.alloc(64).toString('base64');
  database
    .prepare("UPDATE configs SET values_sealed = ? WHERE app_id = (SELECT id FROM apps WHERE name = 'shop')")
    .run(sealed);
  database.close();
  const damaged = await startMemoryCompanion({ home: copy });
  try {
    assert.match(damaged.log.join('\n'), /ERROR stored config could not be read .*app="?shop/);
    await assert.rejects(damaged.client.config.list.query({ app: 'shop' }), /could not be opened/);
    assert.equal((await damaged.client.apps.get.query({ name: 'shop' })).name, 'shop');
    assert.equal((await damaged.deploy(manifest('other'))).state, 'succeeded');
  } finally {
    await damaged.stop();
    await rm(copy, { recursive: true, force: true });
  }
});
