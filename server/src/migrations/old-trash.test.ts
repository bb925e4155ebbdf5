/** What was put in the trash before there was a list of deleted apps is listed, restored and removed as any other. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { keptMs } from 'minicloud-shared/model/app';
import { startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import { homePaths } from '../config.ts';
import { migrations } from '../migrations.ts';
import { openDatabase } from '../platform/db.ts';
import type { Db, Tables } from '../schema.ts';
import { sweepTrash } from '../trash/trash.ts';

const dayMs = 86_400_000;
const earlier = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0006'));

/** A home as an earlier version left it, with volumes of deleted apps: by id, when and by whose deletions. */
async function earlierHome(trash: { id: string; at: number; deletions: string[] }[]): Promise<string> {
  const home = await mkdtemp(path.join(tmpdir(), 'minicloud-trash-'));
  const old: Db = await openDatabase<Tables>(homePaths(home).database, earlier);
  for (const { id, at, deletions } of trash) {
    for (const place of ['data', 'more']) {
      const volume = { name: `minicloud_volume_${id}_${place}`, app_id: id, owner: '', path: `/${place}` };
      await old
        .insertInto('volumes')
        .values({ ...volume, created_at: at - dayMs, trashed_at: at })
        .execute();
    }
    for (const app of deletions) {
      const steps = [
        { id: 'network', title: 'n', state: 'done', startedAt: at - 100, ms: 90 },
        { id: 'forget', title: 'f', state: 'done', startedAt: at - 1, ms: 4 },
      ];
      const operation = { id: `${id}-${app}`, kind: 'delete', app, release: null, state: 'succeeded', by: 'ann' };
      await old
        .insertInto('operations')
        .values({
          ...operation,
          steps_json: JSON.stringify(steps),
          problem_json: null,
          idempotency_key: null,
          created_at: at - 200,
          started_at: at - 200,
          finished_at: at + 5,
        })
        .execute();
    }
  }
  await old.destroy();
  return home;
}

test('volumes of the old trash have their app again, and seven days', async (t) => {
  const now = Date.now();
  const home = await earlierHome([
    { id: 'young', at: now - 2 * dayMs, deletions: ['shop'] },
    { id: 'ancient', at: now - 90 * dayMs, deletions: ['blog'] },
    // Two deletions ended in the same millisecond: which of them it was is not known.
    { id: 'either', at: now - 50 * dayMs, deletions: ['this', 'that'] },
  ]);
  const companion = await startMemoryCompanion({ home });
  t.after(async () => {
    await companion.stop();
    await rm(home, { recursive: true });
  });
  const deleted = async () => (await companion.client.apps.deleted.query()).sort((a, b) => (a.id < b.id ? -1 : 1));
  const [ancient, either, young] = await deleted();
  assert.deepEqual(
    [ancient, either, young].map((app) => `${app?.id} ${app?.name} ${app?.by} ${app?.volumes.map((v) => v.path)}`),
    ['ancient blog ann /data,/more', 'either (unknown) system /data,/more', 'young shop ann /data,/more'],
  );
  assert.equal(young?.keptUntil, now - 2 * dayMs + keptMs);
  for (const app of [ancient, either]) assert.ok((app?.keptUntil ?? 0) >= now + keptMs, app?.name);
  await sweepTrash(companion.cloud);
  assert.equal((await deleted()).length, 3, 'not at once');

  const restore = (name: string) => companion.call('apps.restore', 'mutation', { name }, { token: companion.admin });
  assert.equal((await restore('shop')).code, 'ok');
  const { id, volumes } = await companion.client.apps.get.query({ name: 'shop' });
  assert.deepEqual([id, volumes.map(({ path: at }) => at)], ['young', ['/data', '/more']]);

  companion.pass(keptMs + dayMs);
  await sweepTrash(companion.cloud);
  assert.deepEqual(await deleted(), []);
  const left = await companion.cloud.db.selectFrom('volumes').select('app_id').distinct().execute();
  assert.deepEqual(left, [{ app_id: 'young' }]);
});
