/** A deletion comes to its end or gives the app back: stopped, cancelled or failed, it leaves none half deleted. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import { convergeAll } from './converge.ts';

let companion: MemoryCompanion;
before(async () => {
  companion = await startMemoryCompanion();
});
after(() => companion.stop());

const deployed = async (app: string, on = companion) => {
  const operation = await on.deploy(`name: ${app}\nimage: plain:1\nexpose: [{ port: 80 }]\n`);
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
};
const deleting = async (app: string, on = companion) =>
  (await on.client.apps.delete.mutate({ name: app, confirm: app })).operationId;
const names = async (on = companion) =>
  (await on.client.apps.list.query()).map(({ name, state }) => `${name} ${state}`);
const visit = async (app: string) =>
  (await companion.cloud.proxy.probe({ host: `${app}.localhost`, path: '/', timeoutMs: 1000 })).status;

/** Holds the stopping of containers until it is let go. */
function holdStops(on = companion) {
  const asked = Promise.withResolvers<void>();
  const turn = Promise.withResolvers<void>();
  on.engine.world.intercept = async (call) => {
    if (call !== 'stopContainer') return;
    asked.resolve();
    await turn.promise;
  };
  return {
    asked: asked.promise,
    letGo() {
      delete on.engine.world.intercept;
      turn.resolve();
    },
  };
}

test('cancelled before anything was taken away, the app is as before', async () => {
  await deployed('kept');
  const { proxy, operations } = companion.cloud;
  const apply = proxy.apply.bind(proxy);
  const asked = Promise.withResolvers<void>();
  const turn = Promise.withResolvers<void>();
  proxy.apply = async (...args) => {
    asked.resolve();
    await turn.promise;
    return apply(...args);
  };
  const id = await deleting('kept');
  await asked.promise;
  const { cancelling } = await companion.client.operations.cancel.mutate({ id });
  assert.equal(cancelling, true);
  proxy.apply = apply;
  turn.resolve();
  const operation = await operations.finished(id);
  assert.deepEqual([operation.state, operation.problem?.still], ['cancelled', 'The app is as before, and serves.']);
  assert.deepEqual(await names(), ['kept running']);
  assert.equal(await visit('kept'), 200);
  await deployed('kept');
});

test('cancelled after that it goes on to its end, and the answer says so', async () => {
  await deployed('late');
  const stops = holdStops();
  const id = await deleting('late');
  await stops.asked;
  assert.deepEqual(await companion.client.operations.cancel.mutate({ id }), { id, cancelling: false });
  stops.letGo();
  assert.equal((await companion.cloud.operations.finished(id)).state, 'succeeded');
  assert.ok(!(await names()).some((name) => name.startsWith('late')));
});

test('cancelling a deletion takes what deleting takes', async () => {
  await deployed('guarded');
  const stops = holdStops();
  const id = await deleting('guarded');
  await stops.asked;
  for (const [scope, code] of [
    ['deploy', 'forbidden'],
    ['manage', 'ok'],
  ] as const) {
    const { value } = await companion.token(scope);
    const outcome = await companion.call('operations.cancel', 'mutation', { id }, { token: value });
    assert.equal(outcome.code, code, outcome.text);
  }
  stops.letGo();
  await companion.cloud.operations.finished(id);
});

test('one that fails after that says what is left, and is tried again by itself', async () => {
  await deployed('failing');
  companion.engine.world.intercept = async (call) => {
    if (call === 'removeNetwork') throw new Error('the engine is away');
  };
  const id = await deleting('failing');
  const failed = await companion.cloud.operations.finished(id);
  delete companion.engine.world.intercept;
  assert.equal(failed.state, 'failed');
  assert.match(failed.problem?.still ?? '', /half deleted .* kept/);
  assert.match(failed.problem?.remedy ?? '', /tried again every 10 minutes/);
  await convergeAll(companion.cloud);
  assert.ok((await names()).includes('failing deleting'), 'not at once');
  companion.pass(11 * 60_000);
  await convergeAll(companion.cloud);
  await eventually('the deletion', async () => !(await names()).some((name) => name.startsWith('failing')));
  const [again] = await companion.client.operations.list.query({ app: 'failing' });
  assert.deepEqual([again?.kind, again?.by], ['delete', 'test administrator'], 'whoever confirmed it');
  const trashed = (await companion.client.apps.deleted.query()).find(({ name }) => name === 'failing');
  assert.equal(trashed?.by, 'test administrator');
});

test('one that goes on with a half deleted app is not called off while it waits for its turn', async () => {
  const others = ['by-1', 'by-2', 'by-3', 'by-4'];
  for (const app of ['half', ...others]) await deployed(app);
  companion.engine.world.intercept = async (call) => {
    if (call === 'removeNetwork') throw new Error('the engine is away');
  };
  assert.equal((await companion.cloud.operations.finished(await deleting('half'))).state, 'failed');
  const turn = Promise.withResolvers<void>();
  let held = 0;
  companion.engine.world.intercept = async (call) => {
    if (call !== 'stopContainer') return;
    held += 1;
    await turn.promise;
  };
  const holding: string[] = [];
  for (const app of others) holding.push(await deleting(app));
  await eventually('work in every lane', () => held === others.length);
  const id = await deleting('half');
  assert.deepEqual(await companion.client.operations.cancel.mutate({ id }), { id, cancelling: false });
  delete companion.engine.world.intercept;
  turn.resolve();
  for (const each of [...holding, id])
    assert.equal((await companion.cloud.operations.finished(each)).state, 'succeeded');
});

const withDatabase = (app: string) =>
  `name: ${app}\nimage: plain:1\nprocesses: { web: { command: run } }\nneeds: [database]\n`;

test('an app whose database server never came up is deleted, and nothing of a database goes to the trash', async (t) => {
  const own = await startMemoryCompanion();
  t.after(() => own.stop());
  const { mariadb } = own.cloud.backings;
  t.mock.method(mariadb, 'ensure', async () => {
    throw new Error('its image could not be pulled');
  });
  assert.equal((await own.deploy(withDatabase('never'))).state, 'failed');
  assert.equal((await own.client.apps.get.query({ name: 'never' })).bindings.length, 1);
  // It was tried: container and volume may be there.
  t.mock.method(mariadb, 'kept', async () => true);
  const operation = await own.cloud.operations.finished(await deleting('never', own));
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  assert.deepEqual((await own.client.apps.deleted.query())[0]?.databases, []);
});

test('a database server that does not run is started to take users away; one that is gone with its data has none', async (t) => {
  const { mariadb } = companion.cloud.backings;
  for (const app of ['down', 'lost']) assert.equal((await companion.deploy(withDatabase(app))).state, 'succeeded');
  let running = false;
  const revoke = mariadb.revoke.bind(mariadb);
  t.mock.method(mariadb, 'ready', async () => running);
  const ensure = t.mock.method(mariadb, 'ensure', async () => {
    running = true;
  });
  const revoked = t.mock.method(mariadb, 'revoke', async (...args: Parameters<typeof revoke>) => {
    if (!running) throw new Error('it does not run');
    return revoke(...args);
  });
  const down = await companion.cloud.operations.finished(await deleting('down'));
  assert.equal(down.state, 'succeeded', JSON.stringify(down.problem));
  assert.deepEqual([ensure.mock.callCount(), revoked.mock.callCount()], [1, 1]);
  running = false;
  t.mock.method(mariadb, 'kept', async () => false);
  const lost = await companion.cloud.operations.finished(await deleting('lost'));
  assert.equal(lost.state, 'succeeded', JSON.stringify(lost.problem));
  assert.deepEqual([ensure.mock.callCount(), revoked.mock.callCount()], [1, 1]);
});

test('a half deleted app takes neither rollback nor deploy, nor those that were asked for before it was', async () => {
  const { operations } = companion.cloud;
  const manifest = 'name: half\nimage: plain:1\nprocesses: { web: { command: run } }\n';
  for (const _ of [1, 2]) assert.equal((await companion.deploy(manifest)).state, 'succeeded');
  const turn = Promise.withResolvers<void>();
  companion.engine.world.intercept = async (call) => {
    if (call === 'createContainer') await turn.promise;
    if (call === 'removeNetwork') throw new Error('the engine is away');
  };
  const first = await companion.client.deploys.start.mutate({ manifest });
  const deletion = await deleting('half');
  const queued = await companion.client.deploys.start.mutate({ manifest });
  turn.resolve();
  assert.equal((await operations.finished(first.operationId)).state, 'succeeded');
  assert.equal((await operations.finished(deletion)).state, 'failed');
  const { state, problem } = await operations.finished(queued.operationId);
  assert.deepEqual([state, problem?.what], ['failed', 'The app is being deleted']);
  for (const [call, input] of [
    ['releases.rollback', { app: 'half' }],
    ['deploys.start', { manifest }],
  ] as const) {
    const refused = await companion.call(call, 'mutation', input, { token: companion.admin });
    assert.deepEqual([refused.code, refused.problem?.what], ['conflict', 'The app is being deleted'], call);
  }
  assert.deepEqual(await companion.engine.listContainers({ 'minicloud.app-name': 'half' }), []);
  const [last] = await companion.client.releases.list.query({ app: 'half' });
  assert.deepEqual([last?.version, last?.state], [4, 'failed']);
  delete companion.engine.world.intercept;
  assert.equal((await operations.finished(await deleting('half'))).state, 'succeeded');
});

test('the companion is stopped in the middle of it: the next one goes on with the same operation', async (t) => {
  const home = await mkdtemp(path.join(tmpdir(), 'minicloud-memory-'));
  t.after(() => rm(home, { recursive: true }));
  const stopped = await startMemoryCompanion({ home });
  await deployed('gone', stopped);
  const stops = holdStops(stopped);
  const id = await deleting('gone', stopped);
  await stops.asked;
  const stop = stopped.stop();
  await eventually('the stop', () => stopped.cloud.stopping.aborted);
  stops.letGo();
  await stop;

  const next = await startMemoryCompanion({ home, world: stopped.engine.world });
  t.after(() => next.stop());
  assert.equal((await next.cloud.operations.finished(id)).state, 'succeeded');
  assert.deepEqual(await names(next), []);
  assert.deepEqual(await next.engine.listContainers({ 'minicloud.app-name': 'gone' }), []);
});
