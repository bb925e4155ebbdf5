/** Rollbacks are planned: what goes is named, asked about and bound to a hash. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { dataAtRisk } from 'minicloud-shared/model/plan';
import { type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';

let companion: MemoryCompanion;
before(async () => {
  companion = await startMemoryCompanion();
  companion.engine.seedImage('plain:1', {});
  companion.engine.seedImage('plain:2', {});
  companion.engine.seedImage('keeping:1', { volumes: ['/data', '/tmp/scratch'] });
});
after(() => companion.stop());

const manifest = (app: string, more = '') => `name: ${app}\nexpose: [{ port: 80 }]\n${more}`;
async function deployed(app: string, image: string, more = ''): Promise<void> {
  const operation = await companion.deploy(manifest(app, more), image);
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
}
const deploying = (app: string, image: string, more: string, planHash?: string) =>
  companion.call(
    'deploys.start',
    'mutation',
    { manifest: manifest(app, more), image, ...(planHash === undefined ? {} : { planHash }) },
    { token: companion.admin },
  );
const planOf = (app: string, version?: number) =>
  companion.client.releases.planRollback.mutate({ app, ...(version === undefined ? {} : { version }) });
const rollback = (input: { app: string; version?: number; planHash?: string }) =>
  companion.call('releases.rollback', 'mutation', input, { token: companion.admin });
const releasesOf = async (app: string) => (await companion.client.releases.list.query({ app })).length;

test('the plan says what would be and changes nothing; its hash makes it so', async () => {
  await deployed('shop', 'plain:1');
  await deployed('shop', 'plain:2', 'env: { COLOUR: blue }\n');
  const plan = await planOf('shop');
  assert.deepEqual([plan.fromRelease, plan.toRelease, plan.rollbackTo, plan.consequence], [2, 3, 1, 'none']);
  assert.deepEqual(
    plan.changes.map(({ action, object }) => `${action} ${object}`),
    ['change image', 'remove variable COLOUR'],
  );
  assert.match(plan.notes.join('\n'), /Volumes and databases keep what is in them now/);
  assert.equal(await releasesOf('shop'), 2);
  assert.equal((await planOf('shop', 1)).hash, plan.hash);

  const started = await rollback({ app: 'shop', version: 1, planHash: plan.hash });
  assert.equal(started.code, 'ok', started.text);
  const { operationId } = JSON.parse(started.text).result.data as { operationId: string };
  assert.equal((await companion.cloud.operations.finished(operationId)).state, 'succeeded');
  const [newest] = await companion.client.releases.list.query({ app: 'shop' });
  assert.deepEqual([newest?.version, newest?.state, newest?.reason], [3, 'current', 'rollback to 1']);
});

test('data that goes is named, and nobody loses it without having been asked', async () => {
  await deployed('keeper', 'plain:1');
  await deployed('keeper', 'keeping:1');
  const plan = await planOf('keeper');
  assert.deepEqual([plan.consequence, dataAtRisk(plan)], ['data', ['data at /data']]);

  const refused = await rollback({ app: 'keeper' });
  assert.equal(refused.code, 'conflict', refused.text);
  assert.match(refused.problem?.why ?? '', /data at \/data/);
  assert.match(refused.problem?.still ?? '', /Release 2 still serves/);
  assert.equal(await releasesOf('keeper'), 2);

  const agreed = await rollback({ app: 'keeper', planHash: plan.hash });
  assert.equal(agreed.code, 'ok', agreed.text);
});

test('what has storage stays, and an earlier release without it says that it does not see it', async () => {
  await deployed('stored', 'keeping:1');
  const storage = 'needs: [{ storage: { path: /data } }]\n';
  const unasked = await deploying('stored', 'keeping:1', storage);
  assert.equal(unasked.code, 'conflict', unasked.text);
  assert.match(unasked.problem?.what ?? '', /^This deploy loses data/);
  assert.match(unasked.problem?.why ?? '', /data at \/data/);
  assert.equal(await releasesOf('stored'), 1);
  const { plan: seen } = await companion.client.plans.create.mutate({
    manifest: manifest('stored', storage),
    image: 'keeping:1',
  });
  const asked = await deploying('stored', 'keeping:1', storage, seen?.hash);
  assert.equal(asked.code, 'ok', asked.text);
  const { operationId } = JSON.parse(asked.text).result.data as { operationId: string };
  assert.equal((await companion.cloud.operations.finished(operationId)).state, 'succeeded');
  const plan = await planOf('stored');
  assert.deepEqual(dataAtRisk(plan), []);
  assert.match(plan.notes.join('\n'), /storage \/data is no longer asked for\. Its data is kept/);
  assert.match(plan.notes.join('\n'), /The image keeps data at \/data/);
  assert.equal((await rollback({ app: 'stored' })).code, 'ok', 'nothing is lost: nobody has to be asked');
});

test('a plan that would now differ is refused', async () => {
  await deployed('moved', 'plain:1');
  await deployed('moved', 'plain:2');
  const plan = await planOf('moved', 1);
  await deployed('moved', 'keeping:1');
  for (const planHash of [plan.hash, 'f'.repeat(64)]) {
    const refused = await rollback({ app: 'moved', version: 1, planHash });
    assert.equal(refused.code, 'plan_changed', refused.text);
  }
  assert.equal(await releasesOf('moved'), 3);
});

test('without its plan, too, a rollback takes away only what was looked at', async () => {
  await deployed('late', 'plain:1');
  await deployed('late', 'plain:2');
  // A release with data comes while the rollback waits for its turn.
  const turn = Promise.withResolvers<void>();
  await companion.cloud.operations.start({
    kind: 'converge',
    app: 'late',
    appId: 'late',
    by: 'system',
    run: () => turn.promise,
  });
  let waiting: { operationId: string };
  try {
    await companion.client.deploys.start.mutate({ manifest: manifest('late'), image: 'keeping:1' });
    waiting = await companion.client.releases.rollback.mutate({ app: 'late', version: 1 });
  } finally {
    turn.resolve();
  }
  const operation = await companion.cloud.operations.finished(waiting.operationId);
  assert.deepEqual([operation.state, operation.problem?.code], ['failed', 'plan_changed'], JSON.stringify(operation));
});

test('what can not be gone back to has no plan', async () => {
  await deployed('single', 'plain:1');
  for (const [version, code, why] of [
    [undefined, 'conflict', /No release before 1/],
    [1, 'conflict', /serves already/],
    [9, 'not_found', /newest/],
  ] as const) {
    const input = { app: 'single', ...(version === undefined ? {} : { version }) };
    const outcome = await companion.call('releases.planRollback', 'mutation', input, { token: companion.admin });
    assert.equal(outcome.code, code, outcome.text);
    assert.match(outcome.problem?.why ?? '', why);
  }
});

test('a support image that is gone is named before anything is taken away', async () => {
  for (const letter of ['1', '2']) companion.engine.seedImage(`minicloud/helper:${letter}`, {});
  const beside = (letter: string) => `support: { cache: { image: "minicloud/helper:${letter}" } }\n`;
  await deployed('helped', 'plain:1', beside('1'));
  await deployed('helped', 'plain:1', beside('2'));
  await companion.engine.removeImage('minicloud/helper:1');
  for (const procedure of ['releases.planRollback', 'releases.rollback']) {
    const outcome = await companion.call(procedure, 'mutation', { app: 'helped' }, { token: companion.admin });
    assert.equal(outcome.code, 'image_not_found', outcome.text);
    assert.match(outcome.problem?.object ?? '', /helper:1 of support container cache, release 1 of helped/);
  }
  assert.equal(await releasesOf('helped'), 2);
});

test('a support container stays when the one in its place can not be made', async () => {
  const beside = (letter: string) => `support: { cache: { image: "minicloud/guest:${letter}" } }\n`;
  for (const letter of ['1', '2']) companion.engine.seedImage(`minicloud/guest:${letter}`, {});
  await deployed('guarded', 'plain:1', beside('1'));
  const caches = async () =>
    (await companion.engine.listContainers({ 'minicloud.app-name': 'guarded', 'minicloud.role': 'support' })).map(
      ({ id, state }) => `${id} ${state}`,
    );
  const before = await caches();
  // Something else has its turn, so that the image goes after it was resolved; its name stands for another one then.
  const turn = Promise.withResolvers<void>();
  await companion.cloud.operations.start({
    kind: 'converge',
    app: 'guarded',
    appId: 'guarded',
    by: 'system',
    run: () => turn.promise,
  });
  const input = { manifest: manifest('guarded', beside('2')), image: 'plain:1' };
  let started: { operationId: string };
  try {
    started = await companion.client.deploys.start.mutate(input);
    await companion.engine.removeImage('minicloud/guest:2');
    companion.engine.seedImage('minicloud/guest:2', { volumes: ['/other'] });
  } finally {
    turn.resolve();
  }
  const operation = await companion.cloud.operations.finished(started.operationId);
  assert.deepEqual(
    [operation.state, operation.problem?.code],
    ['failed', 'image_not_found'],
    JSON.stringify(operation),
  );
  assert.deepEqual(await caches(), before);
});
