/** The same request sent again, and many at once. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type MemoryCompanion, type Outcome, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';

let companion: MemoryCompanion;
before(async () => {
  companion = await startMemoryCompanion();
});
after(() => companion.stop());

const manifest = (name: string, more = '') => `name: ${name}\nimage: ${name}:1\nexpose: [{ port: 80 }]\n${more}`;
const start = (input: object, token = companion.admin) => companion.call('deploys.start', 'mutation', input, { token });
const started = (outcome: Outcome) => {
  assert.equal(outcome.code, 'ok', outcome.text);
  return (JSON.parse(outcome.text) as { result: { data: { operationId: string; release: number } } }).result.data;
};
const operationsOf = async (app: string) => (await companion.client.operations.list.query({ app })).length;
const releasesOf = async (app: string) => (await companion.client.releases.list.query({ app })).length;

test('fifty same requests at once are one operation and one release', async () => {
  const input = { manifest: manifest('shop'), idempotencyKey: 'fifty-at-once' };
  const all = (await Promise.all(Array.from({ length: 50 }, () => start(input)))).map(started);
  assert.equal(new Set(all.map(({ operationId }) => operationId)).size, 1);
  assert.deepEqual(new Set(all.map(({ release }) => release)), new Set([1]));
  await companion.cloud.operations.finished(all[0]?.operationId ?? '');
  assert.deepEqual(started(await start(input)), all[0], 'and after it has ended too');
  assert.equal(await operationsOf('shop'), 1);
  assert.equal(await releasesOf('shop'), 1, 'no release is left pending by the others');
});

test('the order of fields is no difference', async () => {
  const a = started(await start({ manifest: manifest('order'), image: 'order:2', idempotencyKey: 'fields-in-order' }));
  const b = started(await start({ idempotencyKey: 'fields-in-order', image: 'order:2', manifest: manifest('order') }));
  assert.equal(a.operationId, b.operationId);
});

test('a key used for something else is a conflict, under way or long after', async () => {
  const key = { idempotencyKey: 'one-key-two-wishes' };
  const [first, second] = await Promise.all([
    start({ manifest: manifest('wish'), ...key }),
    start({ manifest: manifest('wish', 'env: { A: b }\n'), ...key }),
  ]);
  assert.deepEqual([first.code, second.code].sort(), ['conflict', 'ok']);
  const others = [
    { manifest: manifest('wish'), image: 'wish:9', ...key },
    { manifest: manifest('another'), ...key },
  ];
  for (const input of others) {
    const outcome = await start(input);
    assert.equal(outcome.code, 'conflict', outcome.text);
    assert.equal(outcome.status, 409);
    assert.match(outcome.problem?.object ?? '', /one-key-two-wishes/);
  }
  const rollback = await companion.call(
    'releases.rollback',
    'mutation',
    { app: 'wish', ...key },
    { token: companion.admin },
  );
  assert.equal(rollback.code, 'conflict', 'nor is it for another kind of request');
  assert.equal(await operationsOf('wish'), 1);
  assert.equal(
    (await companion.client.apps.list.query()).some(({ name }) => name === 'another'),
    false,
  );
});

test('a request that was refused leaves its key free for the corrected one', async () => {
  const key = { idempotencyKey: 'corrected-later' };
  assert.equal((await start({ manifest: 'name: corrected\ncolour: red\n', ...key })).code, 'manifest_invalid');
  assert.equal((await start({ manifest: manifest('corrected'), ...key })).code, 'ok');
});

test('two tokens with one key have nothing to do with one another', async () => {
  const other = await companion.token('deploy');
  const key = { idempotencyKey: 'the-same-by-chance' };
  const mine = started(await start({ manifest: manifest('mine'), ...key }));
  const theirs = started(await start({ manifest: manifest('theirs'), ...key }, other.value));
  assert.notEqual(mine.operationId, theirs.operationId);
});

const ended = async (outcome: Outcome) => companion.cloud.operations.finished(started(outcome).operationId);
const remove = (name: string, more: { confirm?: string; idempotencyKey?: string } = {}, token = companion.admin) =>
  companion.call('apps.delete', 'mutation', { name, confirm: name, ...more }, { token });
const there = async (name: string) => (await companion.client.apps.list.query()).some((app) => app.name === name);

test('the key of one token does nothing for another, on the same app too', async () => {
  const ci = await companion.token('deploy', { apps: ['crossed'], name: 'ci' });
  const key = { idempotencyKey: 'release-of-the-day' };
  await ended(await start({ manifest: manifest('crossed'), ...key }, ci.value));
  assert.equal((await remove('crossed', { ...key, confirm: 'no' })).code, 'invalid_input');
  const deletion = await ended(await remove('crossed', key));
  assert.deepEqual([deletion.kind, deletion.state, deletion.by], ['delete', 'succeeded', 'test administrator']);
  assert.equal(await there('crossed'), false);
  const other = await companion.token('admin');
  const deploy = await ended(await start({ manifest: manifest('crossed', 'env: { A: b }\n'), ...key }, other.value));
  assert.deepEqual([deploy.kind, deploy.state, deploy.by], ['deploy', 'succeeded', 'admin token']);
  assert.equal(await there('crossed'), true);
});

test('nor does it for an app that was made anew under the name', async () => {
  const input = { manifest: manifest('phoenix'), idempotencyKey: 'deploy-the-phoenix' };
  const key = { idempotencyKey: 'delete-the-phoenix' };
  const first = started(await start(input));
  await companion.cloud.operations.finished(first.operationId);
  const deletion = started(await remove('phoenix', key));
  await companion.cloud.operations.finished(deletion.operationId);
  assert.equal(started(await remove('phoenix', key)).operationId, deletion.operationId, 'its answer got lost');
  const second = started(await start(input));
  assert.notEqual(second.operationId, first.operationId);
  await companion.cloud.operations.finished(second.operationId);
  assert.equal(await there('phoenix'), true);
  assert.equal(started(await start(input)).operationId, second.operationId);
  const late = await remove('phoenix', key);
  assert.equal(late.code, 'conflict', 'who asks again does not know of this one');
  assert.match(late.problem?.why ?? '', /an earlier app of this name/);
  assert.equal(await there('phoenix'), true);
  assert.equal((await ended(await remove('phoenix'))).state, 'succeeded');
});

test('a key is bound to its payload for a week, and the table does not grow for ever', async () => {
  const count = async () => (await companion.cloud.db.selectFrom('request_keys').selectAll().execute()).length;
  assert.ok((await count()) > 3);
  companion.pass(8 * 86_400_000);
  await start({ manifest: manifest('week'), idempotencyKey: 'a-week-later' });
  assert.equal(await count(), 1);
});

test('fifty clients deploy fifty apps at once: each gets its own, whole', async () => {
  const names = Array.from({ length: 50 }, (_, n) => `many-${n}`);
  const ids = await Promise.all(
    names.map(async (name) => started(await start({ manifest: manifest(name) })).operationId),
  );
  const ended = await Promise.all(ids.map((id) => companion.cloud.operations.finished(id)));
  assert.deepEqual(new Set(ended.map(({ state }) => state)), new Set(['succeeded']));
  const apps = (await companion.client.apps.list.query()).filter(({ name }) => name.startsWith('many-'));
  assert.equal(apps.length, 50);
  assert.deepEqual(new Set(apps.map(({ state }) => state)), new Set(['running']));
  const subnets = (await companion.cloud.db.selectFrom('apps').select('subnet').execute()).map(({ subnet }) => subnet);
  assert.equal(new Set(subnets).size, subnets.length);
  assert.equal(await companion.cloud.events.verify(), undefined);
});

test('fifty different deploys of one app at once run one after the other or are overtaken, and exactly one serves', async () => {
  const all = await Promise.all(
    Array.from({ length: 50 }, (_, n) => start({ manifest: manifest('crowd', `env: { N: "${n}" }\n`) })),
  );
  const ids = all.map((outcome) => started(outcome).operationId);
  const ended = await Promise.all(ids.map((id) => companion.cloud.operations.finished(id)));
  const states = new Set(ended.map(({ state }) => state));
  assert.deepEqual([...states].sort(), ['cancelled', 'succeeded'], 'each was done, or overtaken by a newer one');
  const spans = ended
    .filter(({ state }) => state === 'succeeded')
    .map(({ startedAt = 0, finishedAt = 0 }) => ({ startedAt, finishedAt }))
    .sort((a, b) => a.startedAt - b.startedAt);
  for (const [n, span] of spans.entries()) {
    const before = spans[n - 1];
    if (before) assert.ok(span.startedAt >= before.finishedAt, 'none starts before the one before has ended');
  }
  const releases = await companion.client.releases.list.query({ app: 'crowd' });
  assert.equal(releases.filter(({ state }) => state === 'current').length, 1);
  assert.equal(releases.filter(({ state }) => ['pending', 'deploying'].includes(state)).length, 0);
});
