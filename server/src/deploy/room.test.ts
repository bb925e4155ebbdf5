/** How many replicas an app may have: as many as every later deploy finds room for, told by the plan. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import { room } from '../apps/apps.ts';

const manifest = (count: number) => `name: many\nexpose: [{ port: 80 }]\nprocesses: { web: { count: ${count} } }\n`;

test('what the plan lets through deploys again and again; one more is refused by it, and by the facts of the editor', async () => {
  const companion = await startMemoryCompanion();
  const working = Promise.withResolvers<void>();
  try {
    for (const release of [1, 2, 3]) {
      const operation = await companion.deploy(manifest(room.replicas), 'x:1');
      assert.equal(operation.state, 'succeeded', `${release}: ${JSON.stringify(operation.problem)}`);
    }
    const { plan, diagnostics } = await companion.client.plans.create.mutate({
      manifest: manifest(room.replicas + 1),
      image: 'x:1',
    });
    assert.equal(plan, undefined);
    assert.deepEqual(
      diagnostics.filter(({ severity }) => severity === 'error').map(({ code, path }) => `${code} ${path}`),
      ['manifest/app-full processes.web.count'],
    );
    assert.deepEqual((await companion.client.system.facts.query()).room, room);

    // As an earlier version let it: more than there is room for beside the next release.
    const { id } = await companion.client.apps.get.query({ name: 'many' });
    const image = (await companion.engine.inspectImage('x:1'))?.id ?? '';
    // While something is at work on the app, no repair takes them away.
    const { operations } = companion.cloud;
    await operations.start({ kind: 'converge', app: 'many', appId: id, by: 'test', run: () => working.promise });
    for (let n = 0; n < 10; n += 1) {
      await companion.engine.createContainer({
        name: `more-${n}`,
        image,
        labels: { 'minicloud.app': id, 'minicloud.role': 'process', 'minicloud.release': '3' },
        env: {},
        network: 'none',
        volumes: [],
        restart: 'no',
      });
    }
    await assert.rejects(
      companion.client.plans.create.mutate({ manifest: manifest(10), image: 'x:1' }),
      /The network of the app is full/,
    );
    assert.ok((await companion.client.plans.create.mutate({ manifest: manifest(5), image: 'x:1' })).plan);
  } finally {
    working.resolve();
    await companion.stop();
  }
});
