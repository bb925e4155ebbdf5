/** Data of deleted apps: kept for seven days, brought back whole, and then removed; nothing else ever is. */
import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';
import { keptMs } from 'minicloud-shared/model/app';
import { eventually, type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import type { MemoryBacking } from '../adapters/backing/memory.ts';
import { findApp } from '../apps/apps.ts';
import { bindingUrl } from '../services/services.ts';
import { keepSweeping, sweepTrash } from './trash.ts';

let companion: MemoryCompanion;
let databases: MemoryBacking;
before(async () => {
  companion = await startMemoryCompanion();
  databases = companion.cloud.backings.mariadb as MemoryBacking;
});
after(() => companion.stop());

const manifest = (app: string) => `name: ${app}
image: x:1
expose: [{ port: 80 }]
needs:
- database
- storage
- database: { env: DATABASE_URL_READ }
- database: { env: DATABASE_URL_WRITE }
support: { redis: { image: "redis:8", volumes: [{ path: /data }] } }
`;

async function deployed(app: string): Promise<void> {
  const operation = await companion.deploy(manifest(app));
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
}
async function deleted(app: string): Promise<void> {
  const { operationId } = await companion.client.apps.delete.mutate({ name: app, confirm: app });
  const operation = await companion.cloud.operations.finished(operationId);
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
}
/** What an app's program could do with the credentials that it has now. */
async function database(app: string) {
  const row = await findApp(companion.cloud, app);
  assert.ok(row);
  const url = new URL((await bindingUrl(companion.cloud, row, 'DATABASE_URL')) ?? '');
  return { name: url.username, login: databases.login(url.username, url.password) };
}
const volumesOf = async (app: string) => (await companion.client.apps.get.query({ name: app })).volumes;
const onEngine = async () => (await companion.engine.listVolumes()).map(({ name }) => name);
const kept = async () => (await companion.client.apps.deleted.query()).map(({ name }) => name);
const restore = (input: { name: string; id?: string }) =>
  companion.call('apps.restore', 'mutation', input, { token: companion.admin });

test('a deleted app comes back with its volumes and databases, and runs when it is deployed', async () => {
  await deployed('shop');
  const { id, bindings } = await companion.client.apps.get.query({ name: 'shop' });
  const volumes = await volumesOf('shop');
  const before = await database('shop');
  before.login.write(before.name, 'an order');
  await deleted('shop');

  const [trashed] = await companion.client.apps.deleted.query();
  assert.deepEqual([trashed?.id, trashed?.name, trashed?.by], [id, 'shop', 'test administrator']);
  assert.equal((trashed?.keptUntil ?? 0) - (trashed?.deletedAt ?? 0), keptMs);
  assert.deepEqual(trashed?.volumes, volumes);
  assert.deepEqual(trashed?.databases, bindings);
  const { plan } = await companion.client.plans.create.mutate({ manifest: manifest('shop') });
  assert.ok(plan?.notes.some((note) => note.includes('minicloud apps:restore shop')));

  assert.equal((await restore({ name: 'shop' })).code, 'ok');
  assert.deepEqual(await kept(), []);
  const back = await companion.client.apps.get.query({ name: 'shop' });
  assert.deepEqual([back.id, back.state, back.replicas], [id, 'created', []]);
  const again = await companion.client.plans.create.mutate({ manifest: manifest('shop') });
  assert.match(again.plan?.notes.join('\n') ?? '', /shop has data already: volume \/data.*mariadb in DATABASE_URL/);
  await deployed('shop');
  assert.deepEqual(await volumesOf('shop'), volumes);
  assert.deepEqual((await companion.client.apps.get.query({ name: 'shop' })).bindings, bindings, 'the same databases');
  const now = await database('shop');
  assert.deepEqual([now.name, now.login.read(now.name)], [before.name, ['an order']]);
});

test('of two with one name, which one is said; none comes back over an app that is there', async () => {
  await deployed('twice');
  const first = await companion.client.apps.get.query({ name: 'twice' });
  await deleted('twice');
  companion.pass(1000);
  await deployed('twice');
  assert.equal((await restore({ name: 'twice' })).code, 'conflict');
  assert.deepEqual(await kept(), ['twice'], 'what was refused is still kept');
  await deleted('twice');
  assert.deepEqual(await kept(), ['twice', 'twice']);
  assert.equal((await restore({ name: 'twice', id: 'nosuch' })).code, 'not_found');
  assert.equal((await restore({ name: 'twice', id: first.id })).code, 'ok');
  assert.equal((await companion.client.apps.get.query({ name: 'twice' })).id, first.id);
  assert.equal((await restore({ name: 'nobody' })).code, 'not_found');
});

test('a name is no claim to the data of who had it before', async () => {
  const asked = (who: string, input: { name: string; id?: string }) =>
    companion.call('apps.restore', 'mutation', input, { token: who });
  const seen = async (who: string) => (await companion.clientOf(who).apps.deleted.query()).map(({ id }) => id);
  await deployed('rented');
  const a = await companion.client.apps.get.query({ name: 'rented' });
  const early = (await companion.token('manage', { apps: ['rented'], name: 'team a' })).value;
  const elsewhere = (await companion.token('manage', { apps: ['shop'] })).value;
  companion.pass(1000);
  await deleted('rented');
  companion.pass(1000);
  const late = (await companion.token('manage', { apps: ['rented'], name: 'team b' })).value;
  assert.deepEqual([await seen(early), await seen(late), await seen(elsewhere)], [[a.id], [], []]);
  const refused = await asked(late, { name: 'rented' });
  assert.equal(refused.code, 'forbidden', 'nobody has the name, but the token was not there yet');
  assert.match(refused.problem?.remedy ?? '', /a token for all apps/);

  await deployed('rented');
  const b = await companion.client.apps.get.query({ name: 'rented' });
  assert.deepEqual([await seen(early), await seen(late)], [[], []], 'the name is somebody else’s');
  companion.pass(1000);
  await deleted('rented');
  companion.pass(1000);
  assert.deepEqual([await seen(early), await seen(late)], [[b.id], [b.id]]);
  for (const who of [early, late]) assert.equal((await asked(who, { name: 'rented', id: a.id })).code, 'forbidden');
  assert.equal((await asked(late, { name: 'rented' })).code, 'ok', 'its own, the last of the name');
  assert.equal((await companion.client.apps.get.query({ name: 'rented' })).id, b.id);
  assert.equal((await asked(early, { name: 'rented', id: a.id })).code, 'forbidden');
  await deleted('rented');
  assert.equal((await restore({ name: 'rented', id: a.id })).code, 'ok', 'a token for all apps may');
});

test('after seven days it is removed, and nothing but it', async () => {
  await deployed('gone');
  await deployed('stays');
  const gone = await volumesOf('gone');
  const lost = await database('gone');
  await deleted('gone');
  const before = await onEngine();
  companion.pass(keptMs - 60_000);
  await sweepTrash(companion.cloud);
  assert.deepEqual(await onEngine(), before, 'a minute too early');
  assert.ok((await kept()).includes('gone'));

  companion.pass(60_000);
  assert.equal((await restore({ name: 'gone' })).code, 'not_found', 'what is about to go is not given out');
  const { removeVolume } = companion.engine;
  companion.engine.removeVolume = async () => {
    throw new Error('in use');
  };
  await sweepTrash(companion.cloud);
  companion.engine.removeVolume = removeVolume;
  assert.ok((await kept()).includes('gone'), 'what could not be removed is tried again');
  await sweepTrash(companion.cloud);
  assert.deepEqual(await kept(), []);
  const removed = new Set(gone.map(({ name }) => name));
  const there = new Set(await onEngine());
  assert.equal(removed.size, 2);
  for (const name of removed) assert.ok(!there.has(name), name);
  for (const app of ['stays', 'shop', 'twice'])
    for (const { name } of await volumesOf(app)) assert.ok(there.has(name), `${name} of ${app}`);
  await deployed('stays');
  const stays = await database('stays');
  assert.deepEqual(stays.login.databases(), [stays.name]);
  await deployed('gone');
  const anew = await database('gone');
  assert.notEqual(anew.name, lost.name);
});

test('a database that can not be removed keeps no volume, and is tried again; one that is gone is not waited for', async (t) => {
  const { mariadb } = companion.cloud.backings;
  for (const app of ['stuck', 'lost']) await deployed(app);
  const volumes = await volumesOf('stuck');
  const lost = await volumesOf('lost');
  await deleted('stuck');
  companion.pass(keptMs);
  const destroy = t.mock.method(mariadb, 'destroy', async () => {
    throw new Error('it does not start');
  });
  await sweepTrash(companion.cloud);
  const there = new Set(await onEngine());
  assert.equal(volumes.length, 2);
  for (const { name } of volumes) assert.ok(!there.has(name), name);
  assert.deepEqual(await kept(), ['stuck']);
  destroy.mock.restore();
  let running = false;
  t.mock.method(mariadb, 'ready', async () => running);
  const ensure = t.mock.method(mariadb, 'ensure', async () => {
    running = true;
  });
  await sweepTrash(companion.cloud);
  assert.deepEqual(await kept(), []);
  assert.ok(ensure.mock.callCount() > 0, 'the server was started for it');

  await deleted('lost');
  companion.pass(keptMs);
  t.mock.method(mariadb, 'kept', async () => false);
  t.mock.method(mariadb, 'destroy', async () => assert.fail('there is no server'));
  await sweepTrash(companion.cloud);
  assert.deepEqual(await kept(), []);
  for (const { name } of lost) assert.ok(!(await onEngine()).includes(name), name);
});

test('it is swept once an hour, and not while the clock of a machine that has just booted may be wrong', async () => {
  await deployed('late');
  await deleted('late');
  companion.pass(keptMs);
  mock.timers.enable({ apis: ['setInterval'] });
  const stop = keepSweeping(companion.cloud);
  mock.timers.tick(59 * 60_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok((await kept()).includes('late'));
  mock.timers.tick(60_000);
  await eventually('the sweep', async () => !(await kept()).includes('late'));
  stop();
  mock.timers.reset();
});

test('one that another deletion still waits for comes back only when that has ended', async () => {
  await deployed('doubly');
  const { operations } = companion.cloud;
  const turn = Promise.withResolvers<void>();
  const deleting = async () =>
    (await companion.client.apps.delete.mutate({ name: 'doubly', confirm: 'doubly' })).operationId;
  companion.engine.world.intercept = async (call) => {
    if (call === 'stopContainer') await turn.promise;
  };
  const first = await deleting();
  // Something else has its turn between the two.
  const between = Promise.withResolvers<void>();
  const work = { kind: 'converge', app: 'doubly', appId: 'doubly', by: 'system', run: () => between.promise } as const;
  await operations.start(work);
  const second = await deleting();
  turn.resolve();
  delete companion.engine.world.intercept;
  assert.equal((await operations.finished(first)).state, 'succeeded');
  assert.equal((await restore({ name: 'doubly' })).code, 'busy');
  between.resolve();
  await operations.finished(second);
  assert.equal((await restore({ name: 'doubly' })).code, 'ok');
  assert.equal((await companion.client.apps.get.query({ name: 'doubly' })).state, 'created');
});

test('what is about to be removed is given to nobody, whoever came first', async () => {
  await deployed('edge');
  await deleted('edge');
  const { keptUntil = 0 } = (await companion.client.apps.deleted.query()).find(({ name }) => name === 'edge') ?? {};
  const { clock } = companion.cloud;
  const untilEnd = () => keptUntil - clock.now();
  companion.pass(untilEnd() - 60_000);
  const turn = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  companion.engine.world.intercept = async (call) => {
    if (call !== 'usedSubnets') return;
    asked.resolve();
    await turn.promise;
  };
  const restoring = restore({ name: 'edge' });
  await asked.promise;
  companion.pass(untilEnd());
  // It could not be removed now, so that nothing but the claim tells that it is going.
  companion.engine.world.intercept = async (call) => {
    if (call === 'removeVolume') throw new Error('in use');
  };
  await sweepTrash(companion.cloud);
  // Nor does it come back when the clock is set back.
  companion.pass(-120_000);
  turn.resolve();
  assert.equal((await restoring).code, 'not_found');
  assert.equal((await restore({ name: 'edge' })).code, 'not_found');
  companion.pass(120_000);
  delete companion.engine.world.intercept;
  await sweepTrash(companion.cloud);
  assert.ok(!(await kept()).includes('edge'));
});

test('what was asked for before the deletion is done again after it, and the deletion is not', async () => {
  const { deploys, apps } = companion.client;
  const finished = async ({ operationId }: { operationId: string }) =>
    (await companion.cloud.operations.finished(operationId)).state;
  const deploy = () => deploys.start.mutate({ manifest: manifest('again'), idempotencyKey: 'commit-4f2a' });
  const remove = () => apps.delete.mutate({ name: 'again', confirm: 'again', idempotencyKey: 'remove-1' });
  const first = await deploy();
  assert.equal(await finished(first), 'succeeded');
  assert.deepEqual(await deploy(), first, 'while it lives the same request is the same operation');
  const deletion = await remove();
  assert.equal(await finished(deletion), 'succeeded');
  assert.equal((await restore({ name: 'again' })).code, 'ok');
  const second = await deploy();
  assert.notEqual(second.operationId, first.operationId);
  assert.equal(await finished(second), 'succeeded');
  assert.deepEqual(await remove(), deletion, 'a late repetition deletes nothing');
  assert.equal((await apps.get.query({ name: 'again' })).state, 'running');
  await deleted('again');
});
