import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import { requireApp } from '../apps/apps.ts';
import { applyAllRoutes, applyAppRoutes, currentRoutes } from './routes.ts';

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

test('an app whose replica is being made again keeps its target, until somebody else has the address', async (t) => {
  const companion = await startMemoryCompanion();
  const working = Promise.withResolvers<void>();
  t.after(() => {
    working.resolve();
    return companion.stop();
  });
  const { cloud, engine } = companion;
  const operation = await companion.deploy('name: shop\nimage: plain:1\nexpose: [{ port: 80 }]\n');
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  const app = await requireApp(cloud, 'shop');
  const targets = () => currentRoutes(cloud, app).map((route) => route.targets.map(({ address }) => address));
  const before = targets();
  assert.match(before[0]?.[0] ?? '', /:80$/);
  // Nothing is made in its place as long as something is at work on the app.
  const { operations } = cloud;
  await operations.start({ kind: 'converge', app: 'shop', appId: app.id, by: 'test', run: () => working.promise });
  const [replica] = await engine.listContainers({ 'minicloud.app': app.id });
  await engine.removeContainer(replica?.id ?? '');
  await applyAppRoutes(cloud, app.id);
  assert.deepEqual(targets(), before);
  await applyAllRoutes(cloud);
  assert.deepEqual(targets(), before);
  const [network = '', address = ''] = Object.entries(replica?.addresses ?? {})[0] ?? [];
  const labels = { ...replica?.labels, 'minicloud.release': '2' };
  const image = replica?.image ?? '';
  const next = await engine.createContainer({
    ...{ name: 'next', image, labels, env: {}, volumes: [], restart: 'no' },
    network: { name: network, aliases: [], address },
  });
  await engine.startContainer(next);
  await applyAppRoutes(cloud, app.id);
  assert.deepEqual(targets(), [[]]);
});
