/** Config that is set while something else goes on with the app: nothing is lost, taken for another's, or shown. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import { requireApp } from '../apps/apps.ts';
import { inTurn } from './enqueue.ts';

let companion: MemoryCompanion;
before(async () => {
  companion = await startMemoryCompanion({
    behaviour: ({ env }) => ({ logs: Object.entries(env).map(([name, value]) => `${name}=${value}`) }),
  });
});
after(() => companion.stop());

const manifest = (app: string, more = '') => `name: ${app}\nimage: ${app}:1\nexpose: [{ port: 80 }]\n${more}`;
const secret = (name: string, value: string) => ({ name, value, kind: 'secret' as const });
const config = (name: string, value: string) => ({ name, value, kind: 'config' as const });
const logOf = async (app: string) =>
  (await companion.client.logs.tail.query({ app, lines: 100 })).map(({ text }) => text).join('\n');

/** Keeps everybody of the app waiting until it is called. */
async function hold(app: string): Promise<() => void> {
  const gate = Promise.withResolvers<void>();
  void inTurn(companion.cloud, await requireApp(companion.cloud, app), () => gate.promise);
  return gate.resolve;
}

test('a deploy that is asked for just after has the values, and the set says so of itself', async () => {
  const { client, cloud } = companion;
  await companion.deploy(manifest('mid'));
  const release = await hold('mid');
  const setting = client.config.set.mutate({ app: 'mid', set: [config('V', 'one')] });
  const deploying = client.deploys.start.mutate({ manifest: manifest('mid', 'env: { N: "2" }\n') });
  release();
  const [set, deploy] = await Promise.all([setting, deploying]);
  const states = await Promise.all(
    [set.operation ?? '', deploy.operationId].map(async (id) => (await cloud.operations.finished(id)).state),
  );
  assert.deepEqual(states, ['succeeded', 'succeeded']);
  assert.deepEqual(
    (await client.config.list.query({ app: 'mid' })).entries.map(({ name, used }) => [name, used]),
    [['V', true]],
  );
});

test('what waited while its app was deleted is refused, and the next app of that name is not mistaken for it', async () => {
  const { client, cloud } = companion;
  await companion.deploy(manifest('wait'));
  const release = await hold('wait');
  const setting = client.config.set.mutate({ app: 'wait', set: [secret('K', 'too-late-4471')], deploy: false });
  const refused = assert.rejects(setting, /no such app|being deleted/);
  const { operationId } = await client.apps.delete.mutate({ name: 'wait', confirm: 'wait' });
  assert.equal((await cloud.operations.finished(operationId)).state, 'succeeded');
  release();
  await refused;
  assert.deepEqual((await client.apps.deleted.query()).find(({ name }) => name === 'wait')?.config ?? [], []);
  await client.config.set.mutate({ app: 'wait', create: true, set: [secret('K', 'of-the-new-app-4471')] });
  await companion.deploy(manifest('wait', 'secrets: [K]\n'));
  assert.match(await logOf('wait'), /^K=\[redacted\]$/m);
});

test('a value is redacted also when the first try to store it failed', async () => {
  const { client, cloud } = companion;
  await companion.deploy(manifest('full'));
  await sql`CREATE TRIGGER full BEFORE INSERT ON configs BEGIN SELECT RAISE(ABORT, 'disk is full'); END`.execute(
    cloud.db,
  );
  await assert.rejects(client.config.set.mutate({ app: 'full', set: [secret('K', 'first-try-value')] }));
  await sql`DROP TRIGGER full`.execute(cloud.db);
  await client.config.set.mutate({ app: 'full', set: [secret('K', 'second-try-value')] });
  await companion.deploy(manifest('full', 'secrets: [K]\n'));
  assert.match(await logOf('full'), /^K=\[redacted\]$/m);
});

test('what is only stored is stored once, however often it is asked for', async () => {
  const { client } = companion;
  const first = {
    app: 'once',
    create: true,
    deploy: false,
    set: [config('C', 'one')],
    idempotencyKey: 'the-first-one',
  };
  const answer = await client.config.set.mutate(first);
  await client.config.set.mutate({ ...first, set: [config('C', 'two')], idempotencyKey: 'the-second-one' });
  assert.deepEqual(await client.config.set.mutate(first), answer);
  const { names } = await client.config.preview.mutate({ app: 'once', set: [config('C', 'two')] });
  assert.equal(names[0]?.change, 'same');
});

test('a value that came back from the trash is looked for at once', async () => {
  const { client, cloud } = companion;
  await client.config.set.mutate({ app: 'back', create: true, set: [secret('K', 'restored-secret-1')] });
  await companion.deploy(manifest('back', 'secrets: [K]\n'));
  const { operationId } = await client.apps.delete.mutate({ name: 'back', confirm: 'back' });
  await cloud.operations.finished(operationId);
  await client.apps.restore.mutate({ name: 'back' });
  cloud.log.info('said', { it: 'restored-secret-1' });
  assert.doesNotMatch(companion.log.join('\n'), /restored-secret-1/);
});
