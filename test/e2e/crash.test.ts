/**
 * `kill -9` of the companion before and after every recorded step of a deploy. After the next start the app serves the
 * old or the new release, no container is orphaned, the release's state is true, and nothing is left open.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lab, startLab } from '../harness/companion.ts';

const host = 'shop.localhost';
const manifest = (release: string, extra = '') => `name: shop
image: minicloud-test/app:1
expose:
- port: 8080
env: { COLOUR: "${release}" }
release: { command: testapp exit 0 }
support:
  helper: { image: "minicloud-test/app:2", env: { HELPER: "${release}" } }
healthcheck: { path: /healthz, port: 8080, grace: 20s }
${extra}`;

/** Every step of a deploy over an existing release; `every step has its points` below fails when one is missing here. */
const steps = [
  'release-command',
  'support',
  'start',
  'await-healthy',
  'switch-routes',
  'probe',
  'finish',
  'drain',
  'stop-old',
];

type Walk = () => Lab;

/** Each walk has a companion of its own; they wait more than they work, so two go at a time. */
describe('killed with SIGKILL', { concurrency: 2 }, () => {
  walk('in the first half of a deploy', 192, (lab) => {
    everyStepHasItsPoints(lab);
    for (const step of steps.slice(0, 5)) deployKilledAt(lab, step);
  });
  walk('in the second half of a deploy, in a first deploy, in a delete', 128, (lab) => {
    for (const step of steps.slice(5)) deployKilledAt(lab, step);
    killedBetweenTheStates(lab);
    killedBeforeItWasTold(lab);
    for (const step of ['network', 'volume', 'service', 'binding']) firstDeployKilledAfter(lab, step);
    for (const step of ['routes', 'stop', 'bindings', 'network', 'forget']) deleteKilledAfter(lab, step);
  });
});

function walk(name: string, block: number, tests: (lab: Walk) => void): void {
  describe(name, { concurrency: 1 }, () => {
    let lab: Lab;
    before(async () => {
      lab = await startLab({ block });
      const first = await lab.deploy(manifest('0'));
      assert.equal(first.state, 'succeeded', JSON.stringify(first.problem));
    });
    after(() => lab.remove());
    tests(() => lab);
    test('the database is whole after all of this', async () => {
      const status = await lab.client.system.status.query();
      assert.equal(status.components.find((component) => component.name === 'database')?.state, 'ok');
    });
  });
}

function everyStepHasItsPoints(walked: Walk): void {
  test('every step of a deploy has its points', async () => {
    const lab = walked();
    const operation = await lab.deploy(manifest('1'));
    assert.deepEqual([...new Set(operation.steps.map((step) => step.id.split(' ')[0]))], steps);
  });
}

function deployKilledAt(walked: Walk, step: string): void {
  for (const side of ['before', 'after']) {
    test(`killed ${side} ${step}`, async () => {
      const lab = walked();
      await lab.stop();
      await lab.start({ crashpoint: `deploy.${step}:${side}` });
      const served = JSON.parse((await lab.get(host)).text) as { release: string };
      const started = await lab.client.deploys.start.mutate({ manifest: manifest(`${step} ${side}`) });
      await lab.ended();
      assert.equal(lab.process().signalCode, 'SIGKILL', 'the companion was killed at the point');
      assert.equal((await lab.get(host)).status, 200, 'the app serves while the companion is dead');

      await lab.start();
      const operation = await settled(lab, started.operationId);
      const release = await lab.client.releases.get.query({ app: 'shop', version: started.release });
      const now = JSON.parse((await lab.get(host)).text) as { release: string };
      if (release.state === 'current') {
        assert.equal(operation.state, 'succeeded');
        assert.equal(now.release, String(started.release));
      } else {
        assert.equal(release.state, 'failed');
        assert.equal(release.problem?.code, 'interrupted');
        assert.equal(operation.state, 'failed');
        assert.equal(now.release, served.release);
      }
      assert.equal(
        release.state === 'current',
        ['finish', 'drain', 'stop-old', 'probe'].includes(step) || (step === 'switch-routes' && side === 'after'),
      );
      await converged(lab, now.release);
    });
  }
}

/** The step `finish` makes one release superseded and the other current: killed between, neither has happened. */
function killedBetweenTheStates(walked: Walk): void {
  test('killed between superseded and current, with the new container gone by the next start: the old release serves', async () => {
    const lab = walked();
    const served = JSON.parse((await lab.get(host)).text) as { release: string };
    const started = await killedAt(lab, 'deploy.make-current:between');
    for (const container of await lab.engine.listContainers({ 'minicloud.app-name': 'shop' }))
      if (container.labels['minicloud.release'] === String(started.release))
        await lab.engine.removeContainer(container.id);
    await lab.start();
    assert.equal((await settled(lab, started.operationId)).state, 'failed');
    const [release, before] = await lab.client.releases.list.query({ app: 'shop' });
    assert.deepEqual([release?.version, release?.state], [started.release, 'failed']);
    assert.deepEqual([String(before?.version), before?.state], [served.release, 'current']);
    assert.ok(
      release?.receipt?.steps.some(({ name }) => name === 'switch-routes'),
      'what was measured is kept',
    );
    assert.equal((JSON.parse((await lab.get(host)).text) as { release: string }).release, served.release);
    await converged(lab, served.release);
  });
}

function killedBeforeItWasTold(walked: Walk): void {
  test('killed when the new release is current and nobody was told: it stays so', async () => {
    const lab = walked();
    const started = await killedAt(lab, 'deploy.make-current:after');
    await lab.start();
    assert.equal((await settled(lab, started.operationId)).state, 'succeeded');
    const states = (await lab.client.releases.list.query({ app: 'shop' })).map(({ state }) => state);
    assert.equal(states[0], 'current');
    assert.equal(states.filter((state) => state === 'current').length, 1);
    await converged(lab, String(started.release));
  });
}

async function killedAt(lab: Lab, crashpoint: string) {
  await lab.stop();
  await lab.start({ crashpoint });
  const started = await lab.client.deploys.start.mutate({ manifest: manifest(crashpoint) });
  await lab.ended();
  assert.equal(lab.process().signalCode, 'SIGKILL', 'the companion was killed at the point');
  return started;
}

function firstDeployKilledAfter(walked: Walk, step: string): void {
  test(`the first deploy of an app killed after ${step}`, async () => {
    const lab = walked();
    const text = manifest('first').replace('name: shop', 'name: newborn').concat('needs: [database, storage]\n');
    await lab.stop();
    await lab.start({ crashpoint: `deploy.${step}:after` });
    const started = await lab.client.deploys.start.mutate({ manifest: text });
    await lab.ended();
    await lab.start();
    assert.equal((await settled(lab, started.operationId)).state, 'failed');
    assert.equal((await lab.client.apps.get.query({ name: 'newborn' })).release, undefined);
    assert.deepEqual(await lab.engine.listContainers({ 'minicloud.app-name': 'newborn' }), []);
    const again = await lab.deploy(text);
    assert.equal(again.state, 'succeeded', JSON.stringify(again.problem));
    const { operationId } = await lab.client.apps.delete.mutate({ name: 'newborn', confirm: 'newborn' });
    assert.equal((await lab.finished(operationId)).state, 'succeeded');
  });
}

function deleteKilledAfter(walked: Walk, step: string): void {
  test(`a delete killed after ${step} is carried to its end`, async () => {
    const lab = walked();
    const operation = await lab.deploy(
      manifest('gone').replace('name: shop', 'name: leaving').concat('needs: [database]\n'),
    );
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
    await lab.stop();
    await lab.start({ crashpoint: `delete.${step}:after` });
    await lab.client.apps.delete.mutate({ name: 'leaving', confirm: 'leaving' });
    await lab.ended();
    await lab.start();
    const end = performance.now() + 30_000;
    while ((await lab.client.apps.list.query()).some((app) => app.name === 'leaving') && performance.now() < end)
      await sleep(50);
    assert.ok(!(await lab.client.apps.list.query()).some((app) => app.name === 'leaving'));
    assert.deepEqual(await lab.engine.listContainers({ 'minicloud.app-name': 'leaving' }), []);
    assert.equal((await lab.get('leaving.localhost', '/', { plain: true })).status, 421);
  });
}

/** The operation has ended within the 30 seconds that are promised. */
async function settled(lab: Lab, id: string) {
  const end = performance.now() + 30_000;
  for (;;) {
    const operation = await lab.client.operations.get.query({ id });
    if (!['queued', 'running'].includes(operation.state)) return operation;
    assert.ok(performance.now() < end, `operation ${id} is still ${operation.state}`);
    await sleep(50);
  }
}

/** Exactly the containers of the serving release are left. */
async function converged(lab: Lab, release: string): Promise<void> {
  const end = performance.now() + 30_000;
  let left: string[] = [];
  do {
    const containers = await lab.engine.listContainers({ 'minicloud.app-name': 'shop' });
    left = containers.map((one) => `${one.labels['minicloud.role']} ${one.labels['minicloud.release'] ?? ''}`).sort();
    if (left.join() === `process ${release},support `) return;
    await sleep(100);
  } while (performance.now() < end);
  assert.deepEqual(left, [`process ${release}`, 'support ']);
}
