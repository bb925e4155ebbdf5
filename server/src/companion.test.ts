/** The companion is stopped while it starts: in order, as at any other time. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { startMemoryCompanion } from '../../test/harness/memory-companion.ts';

test('stopped while it looks at every app for the first time, it leaves the home to the next one', async (t) => {
  const home = await mkdtemp(path.join(tmpdir(), 'minicloud-memory-'));
  t.after(() => rm(home, { recursive: true }));
  const first = await startMemoryCompanion({ home });
  const manifest = 'name: shop\nimage: shop:1\nexpose: [{ port: 80 }]\n';
  assert.equal((await first.deploy(manifest)).state, 'succeeded');
  await first.stop();

  const { world } = first.engine;
  const stop = new AbortController();
  const never = Promise.withResolvers<void>();
  world.intercept = async (call) => {
    if (call !== 'listContainers') return;
    stop.abort();
    await never.promise;
  };
  await assert.rejects(startMemoryCompanion({ home, world, signal: stop.signal }), { name: 'AbortError' });
  delete world.intercept;
  never.resolve();

  const next = await startMemoryCompanion({ home, world });
  t.after(() => next.stop());
  assert.equal((await next.client.apps.get.query({ name: 'shop' })).state, 'running');
  assert.equal((await next.deploy(manifest)).state, 'succeeded');
});
