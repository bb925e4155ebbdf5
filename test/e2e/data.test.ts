/** The sample app as `npm start` deploys it: what was written to it survives everything that is not a delete. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { tarOf } from '../../server/src/adapters/engine/conformance.ts';
import { type Lab, requireEnv, startLab } from '../harness/companion.ts';

const host = 'sample.localhost';
const sampleManifest = path.resolve(import.meta.dirname, '../../server/images/sample/cloud_manifest.yml');
/** An image that keeps data in a folder of its own. */
const keeping = 'minicloud/test-keeping:1';
let lab: Lab;
let manifest: string;
before(async () => {
  manifest = await readFile(sampleManifest, 'utf8');
  lab = await startLab({ block: 128 });
});
after(async () => {
  const { engine } = lab;
  await lab.remove();
  await engine.removeImage(keeping);
});

const deploy = async () => {
  const operation = await lab.deploy(manifest, requireEnv('MINICLOUD_TEST_SAMPLE_IMAGE'));
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem, null, 1));
};
const entries = async () => (await lab.get(host, '/api/entries')).text;

test('the page is written to and read back over HTTPS, with its own database behind it', async () => {
  await deploy();
  const page = await lab.get(host);
  assert.equal(page.status, 200);
  assert.match(page.text, /<html/i);
  const written = await lab.get(host, '/api/entries', {
    method: 'POST',
    body: JSON.stringify({ name: 'Ada', message: 'the first entry' }),
    headers: { 'content-type': 'application/json' },
  });
  assert.ok(written.status < 300, written.text);
  assert.match(await entries(), /the first entry/);
});

test('it survives a redeploy and a rollback', async () => {
  await deploy();
  assert.match(await entries(), /the first entry/);
  const started = await lab.client.releases.rollback.mutate({ app: 'sample' });
  assert.equal((await lab.finished(started.operationId)).state, 'succeeded');
  assert.match(await entries(), /the first entry/);
});

test('apps serve while the companion is away, and it finds them again', async () => {
  await lab.stop('SIGKILL');
  assert.match(await entries(), /the first entry/);
  await lab.start();
  assert.match(await entries(), /the first entry/);
  assert.equal((await lab.client.apps.get.query({ name: 'sample' })).state, 'running');
  const [newest] = await lab.client.releases.list.query({ app: 'sample' });
  assert.equal(newest?.state, 'current');
});

test('it survives the database server being killed and its container being removed', async () => {
  const [mariadb] = await lab.engine.listContainers({ 'minicloud.platform': 'mariadb' });
  assert.ok(mariadb);
  await lab.engine.removeContainer(mariadb.id);
  const end = performance.now() + 60_000;
  let text = '';
  while (!text.includes('the first entry') && performance.now() < end) text = await entries().catch(String);
  assert.match(text, /the first entry/);
});

test('another app gets a database of its own and can not reach this one', async () => {
  const rows = lab.rows<{ name: string }>('SELECT name FROM bindings');
  assert.equal(rows.length, 1);
  const operation = await lab.deploy(
    manifest.replace('name: sample', 'name: second'),
    requireEnv('MINICLOUD_TEST_SAMPLE_IMAGE'),
  );
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  assert.ok(!(await lab.get('second.localhost', '/api/entries')).text.includes('the first entry'));
  assert.match(await entries(), /the first entry/);
});

test('data that an image keeps without storage: said before it is trusted, asked before it is lost', async () => {
  await lab.engine.buildImage(tarOf({ Dockerfile: 'FROM minicloud-test/app:1\nVOLUME /data /tmp/scratch\n' }), keeping);
  const text = `name: keeper\nimage: ${keeping}\nexpose: [{ port: 8080 }]\n`;
  const planOf = async (more = '') => (await lab.client.plans.create.mutate({ manifest: text + more })).plan;
  const losses = (plan: Awaited<ReturnType<typeof planOf>>) =>
    plan?.changes.filter(({ consequence }) => consequence === 'data').map(({ object }) => object);

  const first = await planOf();
  assert.equal(first?.consequence, 'none', 'nothing is there yet to lose');
  assert.match(first.notes.join('\n'), /keeps data at \/data,.*`needs: \[\{ storage: \{ path: \/data \} \}\]/);
  assert.ok(!first.notes.join('\n').includes('/tmp/scratch'));
  const deployed = await lab.deploy(text);
  assert.equal(deployed.state, 'succeeded', JSON.stringify(deployed.problem));
  await lab.get('keeper.localhost', '/data/note', { method: 'PUT', body: 'mine' });

  const again = await planOf();
  assert.deepEqual([again?.consequence, losses(again)], ['data', ['data at /data']]);
  const stored = 'needs: [{ storage: { path: /data } }]\n';
  const saved = await planOf(stored);
  assert.deepEqual([saved?.consequence, losses(saved)], ['data', ['data at /data']], 'what was written before goes');
  assert.ok(!saved?.notes.join('\n').includes('keeps data at'));

  await assert.rejects(lab.client.deploys.start.mutate({ manifest: text + stored }), /loses data/);
  assert.match((await lab.get('keeper.localhost', '/data/note')).text, /mine/);
  const planHash = saved?.hash ?? '';
  const saving = await lab.client.deploys.start.mutate({ manifest: text + stored, planHash });
  assert.equal((await lab.finished(saving.operationId)).state, 'succeeded');
  await lab.get('keeper.localhost', '/data/note', { method: 'PUT', body: 'kept' });
  const safe = await planOf(stored);
  assert.deepEqual([safe?.consequence, losses(safe)], ['none', []]);
  assert.equal((await lab.deploy(text + stored)).state, 'succeeded');
  assert.match((await lab.get('keeper.localhost', '/data/note')).text, /kept/);

  // Back to the release before storage: nothing is lost. From there back again: what is written now would be.
  const planBack = (version: number) => lab.client.releases.planRollback.mutate({ app: 'keeper', version });
  const back = await planBack(1);
  assert.deepEqual([back.consequence, losses(back)], ['none', []]);
  const started = await lab.client.releases.rollback.mutate({ app: 'keeper', version: 1, planHash: back.hash });
  assert.equal((await lab.finished(started.operationId)).state, 'succeeded');
  await lab.get('keeper.localhost', '/data/note', { method: 'PUT', body: 'passing' });
  const forth = await planBack(2);
  assert.deepEqual([forth.consequence, losses(forth)], ['data', ['data at /data']]);
  await assert.rejects(lab.client.releases.rollback.mutate({ app: 'keeper', version: 2 }), /loses data/);
  assert.match((await lab.get('keeper.localhost', '/data/note')).text, /passing/);
  const agreed = await lab.client.releases.rollback.mutate({ app: 'keeper', version: 2, planHash: forth.hash });
  assert.equal((await lab.finished(agreed.operationId)).state, 'succeeded');
  assert.match((await lab.get('keeper.localhost', '/data/note')).text, /kept/, 'the volume kept its data over both');
});
