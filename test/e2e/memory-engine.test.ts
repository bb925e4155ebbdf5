/** `--engine memory`: everything but the containers, for trying the editor. What was deployed is there after a restart. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lab, startLab } from '../harness/companion.ts';

let lab: Lab;
before(async () => {
  lab = await startLab({ engine: 'memory' });
});
after(() => lab.remove());

test('an app is deployed, and made again by a companion whose engine has forgotten it', async () => {
  const manifest = 'name: shop\nexpose:\n- port: 80\nneeds: [database, storage]\n';
  const operation = await lab.deploy(manifest, 'docker.io/library/nginx:1.29');
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  await lab.stop();
  await lab.start();
  const end = performance.now() + 10_000;
  let state = '';
  while (state !== 'running' && performance.now() < end) {
    state = (await lab.client.apps.get.query({ name: 'shop' })).state;
    await sleep(50);
  }
  assert.equal(state, 'running', lab.log());
});
