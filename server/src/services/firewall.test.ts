/** The rules of the network are held: put back when somebody empties the tables, told, and deploys wait for them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  componentOf,
  eventually,
  type MemoryCompanion,
  startMemoryCompanion,
  toldBy,
} from '../../../test/harness/memory-companion.ts';
import type { MemoryFirewall } from '../adapters/firewall/memory.ts';
import { holdFirewall, keepFirewall } from './firewall.ts';

let companion: MemoryCompanion;
let firewall: MemoryFirewall;
before(async () => {
  companion = await startMemoryCompanion();
  firewall = companion.cloud.firewall as MemoryFirewall;
});
after(() => companion.stop());

const manifest = 'name: shop\nimage: shop:1\nexpose: [{ port: 80 }]\n';
const component = () => componentOf(companion, 'firewall');

/** What is told of the server meanwhile. */
const told = (work: () => Promise<void>) => toldBy(companion, work);

test('rules that somebody took away are put back by the clock, in the log and in an event', async () => {
  const news = await told(async () => {
    const stop = keepFirewall(companion.cloud, 20);
    firewall.forget();
    await eventually('the rules are back', () => firewall.rules().length > 0);
    await eventually('it is told', () => companion.log.some((line) => /rules of the network were put back/.test(line)));
    stop();
    await holdFirewall(companion.cloud);
  });
  assert.equal(news.length, 1, 'once, and not each time that all is well');
  assert.match(news[0] ?? '', /put back: the rules are not what they should be/);
  assert.equal((await component())?.state, 'ok');
});

test('while they are away the status says so', async () => {
  firewall.forget();
  const { state, detail } = (await component()) ?? {};
  assert.equal(state, 'degraded');
  assert.match(detail ?? '', /put back within a minute/);
  await holdFirewall(companion.cloud);
});

test('while they can not be set nothing is deployed, what serves goes on, and it is told once', async () => {
  for (const image of ['shop:1', 'shop:2']) assert.equal((await companion.deploy(manifest, image)).state, 'succeeded');
  firewall.forget();
  firewall.refuse();
  const news = await told(async () => {
    await holdFirewall(companion.cloud);
    await holdFirewall(companion.cloud);
  });
  assert.deepEqual(news, ['the rules of the network could not be set, nothing is deployed: You must be root.']);
  const down = await component();
  assert.equal(down?.state, 'down');
  assert.match(down?.detail ?? '', /nothing is deployed .*You must be root/);
  assert.equal((await companion.client.system.status.query()).ok, false);
  for (const call of ['deploys.start', 'releases.rollback'] as const) {
    const input = call === 'deploys.start' ? { manifest } : { app: 'shop', version: 1 };
    const { code, problem } = await companion.call(call, 'mutation', input, { token: companion.admin });
    assert.equal(code, 'not_available', call);
    assert.equal(problem?.object, 'firewall');
    assert.match(problem?.why ?? '', /You must be root/);
  }
  const app = await companion.client.apps.get.query({ name: 'shop' });
  assert.deepEqual([app.release, app.state], [2, 'running']);
  assert.equal((await companion.client.releases.list.query({ app: 'shop' })).length, 2, 'no release stays behind');
  firewall.allow();
  assert.equal((await companion.deploy(manifest)).state, 'succeeded', 'the next deploy tries again by itself');
  assert.equal((await component())?.state, 'ok');
});

test('a first deploy that is refused for them leaves no app behind', async () => {
  firewall.forget();
  firewall.refuse();
  await holdFirewall(companion.cloud);
  const first = manifest.replace('shop', 'fresh');
  const { code } = await companion.call('deploys.start', 'mutation', { manifest: first }, { token: companion.admin });
  assert.equal(code, 'not_available');
  assert.deepEqual(
    (await companion.client.apps.list.query()).map(({ name }) => name),
    ['shop'],
  );
  firewall.allow();
  await holdFirewall(companion.cloud);
});

/** What is asked for while `createContainer` waits; `away` takes the rules meanwhile. */
async function behindAnother(away: () => Promise<void>) {
  const { world } = companion.engine;
  const turn = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  world.intercept = async (call) => {
    if (call !== 'createContainer') return;
    asked.resolve();
    await turn.promise;
  };
  const first = await companion.client.deploys.start.mutate({ manifest });
  await asked.promise;
  const second = await companion.client.deploys.start.mutate({ manifest });
  await away();
  delete world.intercept;
  turn.resolve();
  const { finished } = companion.cloud.operations;
  return { first: await finished(first.operationId), second: await finished(second.operationId) };
}

test('a deploy whose turn comes when they can no longer be set is refused then; one that is under way goes on', async () => {
  const { first, second } = await behindAnother(async () => {
    firewall.forget();
    firewall.refuse();
    await holdFirewall(companion.cloud);
  });
  assert.equal(first.state, 'succeeded');
  assert.deepEqual([second.state, second.problem?.object, second.steps], ['failed', 'firewall', []]);
  const [last] = await companion.client.releases.list.query({ app: 'shop' });
  assert.deepEqual([last?.version, last?.state], [second.release, 'failed']);
  assert.equal((await companion.client.apps.get.query({ name: 'shop' })).release, first.release);
});

test('a repair tries to set them before it starts a container, and goes on where that fails', async () => {
  const { engine, cloud } = companion;
  const replicas = () => engine.listContainers({ 'minicloud.app-name': 'shop' });
  const atStart: number[] = [];
  engine.world.intercept = (call) => {
    if (call === 'startContainer') atStart.push(firewall.rules().length);
  };
  for (const may of [false, true]) {
    if (may) firewall.allow();
    else firewall.refuse();
    firewall.forget();
    const [gone] = await replicas();
    assert.ok(gone);
    await engine.removeContainer(gone.id);
    await eventually('the repair', async () => (await replicas()).some(({ state }) => state === 'running'));
    await eventually('its end', () => !cloud.operations.busy('shop'));
  }
  delete engine.world.intercept;
  assert.equal(atStart.length, 2);
  assert.equal(atStart[0], 0, 'what serves goes on');
  assert.ok((atStart[1] ?? 0) > 0);
});

test('switched off, nothing is looked at and deploys go on', async () => {
  const off = await startMemoryCompanion({ settings: ['--firewall', 'off'] });
  try {
    await holdFirewall(off.cloud);
    assert.deepEqual((off.cloud.firewall as MemoryFirewall).rules(), []);
    assert.equal((await off.deploy(manifest)).state, 'succeeded');
  } finally {
    await off.stop();
  }
});
