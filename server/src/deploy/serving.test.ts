/** An app and its releases say the same, whatever goes wrong between; and no contradiction costs it what runs. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { ProblemError } from 'minicloud-shared/model/problem';
import { eventually, type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import { convergeAll } from './converge.ts';

let companion: MemoryCompanion;
before(async () => {
  companion = await startMemoryCompanion();
});
after(() => companion.stop());

const manifest = (app: string) => `name: ${app}\nimage: plain:1\nexpose: [{ port: 80 }]\n`;
async function deployed(app: string): Promise<void> {
  const operation = await companion.deploy(manifest(app));
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
}
async function served(app: string): Promise<string[]> {
  const { cloud, client } = companion;
  const row = await cloud.db.selectFrom('apps').selectAll().where('name', '=', app).executeTakeFirstOrThrow();
  const releases = await client.releases.list.query({ app });
  return [`serving ${row.serving}`, ...releases.map(({ version, state }) => `${version} ${state}`)];
}
const containers = async (app: string) =>
  (await companion.engine.listContainers({ 'minicloud.app-name': app })).map(({ id, state }) => `${id} ${state}`);

test('a write that fails while a release is made current leaves the one before it current, and what failed is measured', async () => {
  await deployed('full');
  const before = await containers('full');
  const { db } = companion.cloud;
  await sql`CREATE TRIGGER no_room BEFORE UPDATE OF state ON releases WHEN NEW.state = 'current'
    BEGIN SELECT RAISE(ABORT, 'no room'); END`.execute(db);
  const operation = await companion.deploy(manifest('full'));
  await sql`DROP TRIGGER no_room`.execute(db);
  assert.equal(operation.state, 'failed');
  assert.match(operation.problem?.still ?? '', /Release 1 still serves/);
  assert.deepEqual(await served('full'), ['serving 1', '2 failed', '1 current']);
  assert.deepEqual(await containers('full'), before);
  const { receipt } = await companion.client.releases.get.query({ app: 'full', version: 2 });
  assert.deepEqual(
    receipt?.steps.map(({ name }) => name),
    ['start web', 'await-healthy', 'switch-routes', 'probe', 'finish'],
  );
  assert.ok((receipt?.probes.sent ?? 0) > 0);
  assert.match(receipt?.digest ?? '', /^sha256:/);
});

test('an event that can not be written after it leaves the new release current, and the old one to go back to', async () => {
  await deployed('told');
  const { events } = companion.cloud;
  const append = events.append.bind(events);
  events.append = async (entry) => {
    const { body } = entry;
    if (body.kind !== 'release.changed' || body.release.state !== 'superseded') return append(entry);
    events.append = append;
    throw new ProblemError({ code: 'disk_full', what: 'w', object: 'o', why: 'y', remedy: 'r' });
  };
  const operation = await companion.deploy(manifest('told'));
  assert.match(operation.problem?.still ?? '', /Release 2 serves/);
  assert.deepEqual(await served('told'), ['serving 2', '2 current', '1 superseded']);
  assert.equal((await companion.client.releases.planRollback.mutate({ app: 'told' })).rollbackTo, 1);
});

for (const [name, serving] of [
  ['nothing is said to serve', null],
  ['what is said to serve is said to be superseded', 1],
] as const) {
  test(`${name}: what served last goes on, and its container stays`, async () => {
    const app = serving === null ? 'lost' : 'past';
    await deployed(app);
    const before = await containers(app);
    const { db } = companion.cloud;
    const { id } = await db.selectFrom('apps').select('id').where('name', '=', app).executeTakeFirstOrThrow();
    await db.updateTable('releases').set({ state: 'superseded' }).where('app_id', '=', id).execute();
    await db.updateTable('apps').set({ serving }).where('id', '=', id).execute();
    assert.ok((await convergeAll(companion.cloud)).includes(app));
    await eventually('the repair', () => !companion.cloud.operations.busy(app));
    assert.deepEqual(await served(app), ['serving 1', '1 current']);
    assert.deepEqual(await containers(app), before);
    const routes = await companion.cloud.proxy.probe({ host: `${app}.localhost`, path: '/', timeoutMs: 1000 });
    assert.equal(routes.status, 200);
  });
}
