/** Apps that take for ever are in nobody's way: others are deployed and repaired meanwhile, however many they are. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';

let companion: MemoryCompanion;
before(async () => {
  companion = await startMemoryCompanion({
    behaviour: ({ env, labels }) =>
      env.STUCK === 'yes' && labels['minicloud.role'] !== 'release-command' ? { healthy: false } : {},
  });
});
after(() => companion.stop());

const manifest = (app: string, more: string) =>
  `name: ${app}\nimage: plain:1\nexpose: [{ port: 80 }]\nhealthcheck: { grace: 1h }\n${more}`;
const running = async (app: string, kind: string) =>
  (await companion.client.operations.list.query({ app })).filter((one) => one.kind === kind).map(({ state }) => state);

test('six deploys that wait for their health or their release command keep nobody waiting', async () => {
  const good = manifest('good', '');
  assert.equal((await companion.deploy(good)).state, 'succeeded');
  for (const number of [1, 2, 3]) {
    await companion.client.deploys.start.mutate({ manifest: manifest(`sick-${number}`, 'env: { STUCK: "yes" }\n') });
    await companion.client.deploys.start.mutate({
      manifest: manifest(`slow-${number}`, 'release: { command: migrate, timeout: 1h }\n'),
    });
  }
  for (const name of ['sick', 'slow']) {
    const waits = name === 'sick' ? 'await-healthy' : 'release-command';
    for (const number of [1, 2, 3]) {
      const at = async () => (await companion.client.operations.list.query({ app: `${name}-${number}` }))[0]?.steps;
      await eventually(`${name}-${number} waits`, async () =>
        Boolean((await at())?.some(({ id, state }) => id === waits && state === 'running')),
      );
    }
  }
  const again = await companion.deploy(good);
  assert.equal(again.state, 'succeeded', JSON.stringify(again.problem));

  // What lost its only container is repaired.
  const [only] = await companion.engine.listContainers({ 'minicloud.app-name': 'good' });
  await companion.engine.removeContainer(only?.id ?? '');
  await eventually('the repair of good', async () => {
    const [container] = await companion.engine.listContainers({ 'minicloud.app-name': 'good' });
    return container?.state === 'running' && (await running('good', 'converge')).includes('succeeded');
  });
  assert.deepEqual(await running('sick-1', 'deploy'), ['running']);

  // Only one behind another of its own app is told as waiting.
  await companion.client.deploys.start.mutate({ manifest: manifest('sick-1', '') });
  assert.deepEqual(await running('sick-1', 'deploy'), ['queued', 'running']);
});

test('apps whose images do not come keep nobody waiting', async (t) => {
  const away = ['away-1', 'away-2', 'away-3', 'away-4', 'away-5'];
  const there = 'name: there\nimage: there:1\nexpose: [{ port: 80 }]\n';
  assert.equal((await companion.deploy(there)).state, 'succeeded');
  for (const app of away) {
    const text = `name: ${app}\nimage: ${app}:1\nexpose: [{ port: 80 }]\n`;
    assert.equal((await companion.deploy(text)).state, 'succeeded');
  }
  const turn = Promise.withResolvers<void>();
  companion.engine.world.intercept = async (call, image) => {
    if (call === 'pullImage' && image.includes('away')) await turn.promise;
  };
  t.after(() => {
    delete companion.engine.world.intercept;
    turn.resolve();
  });
  const { images, tags } = companion.engine.world;
  for (const [name, id] of [...tags]) {
    if (!name.includes('away')) continue;
    tags.delete(name);
    images.delete(id);
  }
  for (const app of away) {
    const [only] = await companion.engine.listContainers({ 'minicloud.app-name': app });
    await companion.engine.removeContainer(only?.id ?? '');
  }
  for (const app of away) {
    await eventually(`the repair of ${app}`, async () => (await running(app, 'converge')).includes('running'));
  }
  const { operationId } = await companion.client.apps.delete.mutate({ name: 'there', confirm: 'there' });
  await eventually('the deletion', async () => {
    const { state } = await companion.client.operations.get.query({ id: operationId });
    return state === 'succeeded';
  });
  assert.deepEqual(await running('away-1', 'converge'), ['running']);
});
