import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';

test('a container that is lost while its app is being repaired is made again right after', async (t) => {
  const companion = await startMemoryCompanion();
  t.after(() => companion.stop());
  const { cloud, engine } = companion;
  const operation = await companion.deploy('name: shop\nimage: plain:1\nexpose: [{ port: 80 }]\n');
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  // Another operation is at work when it is lost.
  const turn = Promise.withResolvers<void>();
  await cloud.operations.start({ kind: 'converge', app: 'shop', appId: 'shop', by: 'system', run: () => turn.promise });
  const [only] = await engine.listContainers({ 'minicloud.app-name': 'shop' });
  await engine.removeContainer(only?.id ?? '');
  // Long enough for the look that the loss asked for, which passes the app by.
  await new Promise((resolve) => setTimeout(resolve, 500));
  turn.resolve();
  await eventually(
    'another container',
    async () => (await engine.listContainers({ 'minicloud.app-name': 'shop' })).length > 0,
  );
});
