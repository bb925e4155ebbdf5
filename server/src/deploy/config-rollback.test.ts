/** The config that a rollback brings back: it goes with a rollback that comes to nothing, and nothing is lost by that. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import { requireApp } from '../apps/apps.ts';

let companion: MemoryCompanion;
/** Whatever starts now ends at once. */
let breaking = false;
before(async () => {
  companion = await startMemoryCompanion({ behaviour: () => (breaking ? { exitCode: 1, healthy: false } : {}) });
});
after(() => companion.stop());

const manifest = (app: string, more = '') => `name: ${app}\nimage: ${app}:1\nexpose: [{ port: 80 }]\n${more}`;
const config = (name: string) => ({ name, value: 'on', kind: 'config' as const });
const ended = async (operation: string | undefined) => companion.cloud.operations.finished(operation ?? '');
const names = async (app: string) =>
  (await companion.client.config.list.query({ app })).entries.map(({ name, used }) => `${name}${used ? ' used' : ''}`);
const rollback = async (app: string, version: number) => companion.client.releases.rollback.mutate({ app, version });

/** Serves release 3 with A and B; release 2 had A alone, release 1 neither. */
async function serving(app: string): Promise<void> {
  await companion.deploy(manifest(app));
  for (const name of ['A', 'B']) {
    const { operation } = await companion.client.config.set.mutate({ app, set: [config(name)] });
    assert.equal((await ended(operation)).state, 'succeeded');
  }
}

/** Other work of the app goes on until it is called: what is asked for meanwhile waits. */
async function busy(app: string): Promise<() => void> {
  const gate = Promise.withResolvers<void>();
  const { id: appId } = await requireApp(companion.cloud, app);
  const run = () => gate.promise;
  await companion.cloud.operations.start({ kind: 'converge', app, appId, by: 'test', run });
  return gate.resolve;
}

test('one that fails leaves the config as it was before it, also over another that fails', async () => {
  await serving('revert');
  const go = await busy('revert');
  const asked = [await rollback('revert', 2), await rollback('revert', 1)];
  assert.deepEqual(await names('revert'), []);
  breaking = true;
  go();
  for (const { operationId } of asked) assert.equal((await ended(operationId)).state, 'failed');
  breaking = false;
  assert.deepEqual(await names('revert'), ['A used', 'B used']);
  const changes = (await companion.cloud.events.after(0, 10_000)).filter(({ body }) => body.kind === 'config.changed');
  assert.deepEqual(
    [changes.at(-1)?.by, changes.at(-1)?.body],
    ['system', { ...changes.at(-1)?.body, set: ['A', 'B'] }],
  );

  const last = await rollback('revert', 2);
  assert.equal((await ended(last.operationId)).state, 'succeeded');
  assert.deepEqual(await names('revert'), ['A used'], 'one that comes to serve keeps its own');
});

test('what is asked for on its config is refused when it has failed: nothing that serves is lost', async () => {
  await serving('below');
  const go = await busy('below');
  const back = await rollback('below', 2);
  const set = await companion.client.config.set.mutate({ app: 'below', set: [config('C')] });
  const deploy = await companion.client.deploys.start.mutate({ manifest: manifest('below', 'env: { N: "2" }\n') });
  await companion.client.operations.cancel.mutate({ id: back.operationId });
  go();
  assert.equal((await ended(back.operationId)).state, 'cancelled');
  assert.equal((await ended(set.operation)).problem?.code, 'cancelled', 'the deploy took its place');
  const { problem } = await ended(deploy.operationId);
  assert.match(problem?.what ?? '', /config vars are those of a rollback that failed/);
  assert.match(problem?.remedy ?? '', /minicloud config below/);
  const serves = (await companion.client.apps.get.query({ name: 'below' })).release;
  assert.equal(serves, 3);
  assert.deepEqual(await names('below'), ['A used', 'C'], 'what somebody set meanwhile is theirs');
  // Looked at, and set again, all is deployed.
  const again = await companion.client.config.set.mutate({ app: 'below', set: [config('B')] });
  assert.equal((await ended(again.operation)).state, 'succeeded');
  assert.deepEqual(await names('below'), ['A used', 'B used', 'C used']);
});

test('an app that is deleted before its rollback takes what it had last to the trash', async () => {
  await serving('gone');
  const go = await busy('gone');
  const deleting = await companion.client.apps.delete.mutate({ name: 'gone', confirm: 'gone' });
  const back = await rollback('gone', 2);
  go();
  assert.equal((await ended(deleting.operationId)).state, 'succeeded');
  assert.equal((await ended(back.operationId)).state, 'failed');
  await companion.client.apps.restore.mutate({ name: 'gone' });
  assert.deepEqual(await names('gone'), ['A', 'B']);
});
