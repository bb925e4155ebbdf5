/** Volumes and databases of an app: each place its own, and what is there keeps its name. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import { migrations } from '../migrations.ts';
import { openDatabase } from '../platform/db.ts';
import type { Db, Tables } from '../schema.ts';
import { storageMounts, supportMounts } from './volumes.ts';

let companion: MemoryCompanion;
before(async () => {
  companion = await startMemoryCompanion();
});
after(() => companion.stop());

const manifest = (app: string, more: string) => `name: ${app}\nimage: x:1\nexpose: [{ port: 80 }]\n${more}`;

/** What a release has mounted, as `web /data` for whose it is and where; deployed twice, as one volume each. */
async function mountedBy(app: string, more: string): Promise<string[]> {
  const text = manifest(app, more);
  for (let release = 1; release <= 2; release += 1) {
    const operation = await companion.deploy(text);
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  }
  const { id, volumes } = await companion.client.apps.get.query({ name: app });
  const there = await companion.engine.listVolumes();
  const own = there.filter(({ labels }) => labels['minicloud.app'] === id);
  assert.deepEqual(volumes.map(({ name }) => name).sort(), own.map(({ name }) => name).sort());
  return volumes.map(({ path, support }) => `${support ?? '-'} ${path}`);
}

test('containers of one app may each have a volume at the same path', async () => {
  assert.deepEqual(
    await mountedBy(
      'same-path',
      `needs: [storage]
support:
  redis: { image: "redis:8", volumes: [{ path: /data }] }
  other: { image: "redis:8", volumes: [{ path: /data }] }
`,
    ),
    ['- /data', 'other /data', 'redis /data'],
  );
});

test('two places never have one volume, however alike they are written', async () => {
  assert.deepEqual(
    await mountedBy(
      'alike',
      `needs:
- storage: { path: /srv/a-b }
- storage: { path: /srv/a/b }
- storage: { path: /search/data }
support: { search: { image: "redis:8", volumes: [{ path: /data }] } }
`,
    ),
    ['- /search/data', '- /srv/a-b', '- /srv/a/b', 'search /data'],
  );
});

test('two databases whose variables begin alike are two', async () => {
  const needs = 'needs:\n- database: { env: DATABASE_URL_READ }\n- database: { env: DATABASE_URL_WRITE }\n';
  for (const release of [1, 2]) {
    const operation = await companion.deploy(manifest('pair', needs));
    assert.equal(operation.state, 'succeeded', `${release}: ${JSON.stringify(operation.problem)}`);
  }
  const { bindings } = await companion.client.apps.get.query({ name: 'pair' });
  assert.deepEqual(bindings.map(({ env }) => env).sort(), ['DATABASE_URL_READ', 'DATABASE_URL_WRITE']);
  assert.equal(new Set(bindings.map(({ database }) => database)).size, 2);
  for (const { database } of bindings) assert.match(database ?? '', /^[a-z0-9_]{1,32}$/);
});

test('volumes of an earlier version keep their names, and are found where they are mounted', async () => {
  const home = await mkdtemp(join(tmpdir(), 'minicloud-volumes-'));
  const path = join(home, 'minicloud.db');
  try {
    const earlier = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0005'));
    const old: Db = await openDatabase<Tables>(path, earlier);
    const support = [
      { name: 'redis', volumes: [{ path: '/data' }] },
      { name: 'a--b', volumes: [{ path: '/var/lib/it' }] },
    ];
    const app = { id: 'app1', name: 'shop', kind: 'container', environment: 'production', subnet: 1 };
    await old
      .insertInto('apps')
      .values({ ...app, serving: null, created_at: 1, updated_at: 1, deleting_at: null })
      .execute();
    await old
      .insertInto('releases')
      .values({
        app_id: 'app1',
        version: 1,
        state: 'current',
        manifest_text: '',
        manifest_json: JSON.stringify({ manifest: { support }, supportImages: {} }),
        image: 'x:1',
        image_id: 'x',
        digest: 'x',
        reason: 'deploy',
        by: 'me',
        created_at: 1,
        finished_at: 1,
        receipt_json: null,
        problem_json: null,
      } as Tables['releases'])
      .execute();
    const rows = [
      ['app1', 'srv-a-b', '/srv/a-b', null],
      ['app1', 'redis-data', '/data', null],
      ['app1', 'a-b-var-lib-it', '/var/lib/it', null],
      // Of an app that was deleted: its releases are gone.
      ['app2', 'search-meili-data', '/meili_data', 5],
      ['app2', 'data', '/data', 5],
    ] as const;
    for (const [app_id, words, at, trashed_at] of rows) {
      const name = `minicloud_volume_${app_id}_${words}`;
      const row = { name, app_id, path: at, created_at: 1, trashed_at } as unknown as Tables['volumes'];
      await old.insertInto('volumes').values(row).execute();
    }
    await old.destroy();

    const db: Db = await openDatabase<Tables>(path, migrations);
    const now = await db.selectFrom('volumes').selectAll().orderBy('name').execute();
    assert.deepEqual(
      now.map(({ name, owner, path, trashed_at }) => [name.replace('minicloud_volume_', ''), owner, path, trashed_at]),
      [
        ['app1_a-b-var-lib-it', 'a--b', '/var/lib/it', null],
        ['app1_redis-data', 'redis', '/data', null],
        ['app1_srv-a-b', '', '/srv/a-b', null],
        ['app2_data', '', '/data', 5],
        ['app2_search-meili-data', 'search', '/meili_data', 5],
      ],
    );
    const known = now.filter(({ app_id }) => app_id === 'app1');
    assert.deepEqual(
      support.flatMap((entry) => supportMounts({ id: 'app1' }, entry, known)).map(({ volume }) => volume),
      ['minicloud_volume_app1_redis-data', 'minicloud_volume_app1_a-b-var-lib-it'],
    );
    const needs = [{ kind: 'storage', path: '/srv/a-b' } as const, { kind: 'storage', path: '/srv/a/b' } as const];
    const [kept, made] = storageMounts({ id: 'app1' }, { needs } as Parameters<typeof storageMounts>[1], known);
    assert.equal(kept?.volume, 'minicloud_volume_app1_srv-a-b');
    assert.notEqual(made?.volume, kept?.volume);
    await db.destroy();
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
