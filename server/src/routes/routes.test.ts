import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import { requireApp } from '../apps/apps.ts';
import { applyAppRoutes } from './routes.ts';

test('the first routes that a companion applies are those of every app, whoever asks first', async (t) => {
  const companion = await startMemoryCompanion();
  t.after(() => companion.stop());
  const { cloud } = companion;
  for (const app of ['shop', 'blog']) {
    const operation = await companion.deploy(`name: ${app}\nimage: plain:1\nexpose: [{ port: 80 }]\n`);
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  }
  // As after a start: the proxy has its table, the companion none yet.
  const started = { ...cloud };
  await applyAppRoutes(started, (await requireApp(cloud, 'shop')).id);
  assert.equal((await cloud.proxy.status()).routes, 2);
});
