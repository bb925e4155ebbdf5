/** The sample app as `npm start` deploys it: what was written to it survives everything that is not a delete. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type Lab, requireEnv, startLab } from '../harness/companion.ts';

const host = 'sample.localhost';
const sampleManifest = path.resolve(import.meta.dirname, '../../server/images/sample/cloud_manifest.yml');
let lab: Lab;
let manifest: string;
before(async () => {
  manifest = await readFile(sampleManifest, 'utf8');
  lab = await startLab({ block: 128 });
});
after(() => lab.remove());

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
