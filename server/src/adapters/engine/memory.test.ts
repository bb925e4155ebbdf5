/** What only the in-memory engine has: scripts for its containers, faults on demand, and room for many. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { ContainerSpec } from './contract.ts';
import { createMemoryEngine, type MemoryEngine } from './memory.ts';
import { candidates } from './memory-world.ts';

async function runOne(engine: MemoryEngine, change: Partial<ContainerSpec> = {}): Promise<string> {
  const { id: image } = await engine.pullImage('me/shop:1');
  await engine.ensureNetwork({ name: 'net', subnet: '10.64.0.0/26', range: '10.64.0.0/27', labels: {} });
  const network = { name: 'net', aliases: [] };
  const spec: ContainerSpec = {
    name: 'box',
    image,
    labels: {},
    env: {},
    network,
    volumes: [],
    restart: 'no',
    ...change,
  };
  const id = await engine.createContainer(spec);
  await engine.startContainer(id);
  return id;
}

test('behaviour is scripted: what it prints, how it ends, whether it answers', async () => {
  const engine = createMemoryEngine({
    installation: 'i',
    acceptAnyImage: true,
    behaviour: ({ name }) => {
      if (name === 'sick') return { healthy: false };
      if (name === 'broken') return { startError: 'exec: "nothing": executable file not found in $PATH' };
      if (name === 'greedy') return { oom: true };
      return {};
    },
  });
  const well = (await engine.inspectContainer(await runOne(engine)))?.addresses.net ?? '';
  const sick = (await engine.inspectContainer(await runOne(engine, { name: 'sick' })))?.addresses.net ?? '';
  assert.equal(engine.answers(well), true);
  assert.equal(engine.answers(sick), false);
  assert.equal(engine.answers('10.64.0.30'), false);
  await assert.rejects(runOne(engine, { name: 'broken' }), /executable file not found/);
  const greedy = await runOne(engine, { name: 'greedy' });
  assert.equal(await engine.waitContainer(greedy), 137);
  assert.equal((await engine.inspectContainer(greedy))?.oomKilled, true);
  await engine.stopContainer('box', 1);
  assert.equal(engine.answers(well), false);
});

test('a test ends a container and writes its log', async () => {
  const engine = createMemoryEngine({ installation: 'i', acceptAnyImage: true });
  const id = await runOne(engine);
  engine.printLog(id, 'last words', 'stderr');
  engine.exitContainer(id, 9);
  assert.equal(await engine.waitContainer(id), 9);
  const lines = [];
  for await (const { stream, text } of engine.logs(id, {})) lines.push([stream, text]);
  assert.deepEqual(lines, [['stderr', 'last words']]);
});

test('the machine outlives the companion: another engine finds what runs', async () => {
  const engine = createMemoryEngine({ installation: 'i', acceptAnyImage: true });
  const id = await runOne(engine);
  const after = createMemoryEngine({ installation: 'i', world: engine.world });
  assert.equal((await after.inspectContainer(id))?.state, 'running');
});

test('a call can be made to fail or to take its time', async () => {
  const engine = createMemoryEngine({ installation: 'i', acceptAnyImage: true });
  engine.world.intercept = (call, object) => {
    if (call === 'startContainer' && object.length === 64) throw new Error('injected');
  };
  await assert.rejects(runOne(engine), /injected/);
  engine.world.intercept = undefined;
  assert.equal((await engine.inspectContainer('box'))?.state, 'created');
});

test('seeded images: credentials, platform, files, and names that move', async () => {
  const engine = createMemoryEngine({ installation: 'i' });
  const credentials = { username: 'me', password: 'secret' };
  engine.seedImage('me/private:1', { credentials });
  engine.seedImage('me/arm:1', { arch: 'arm64' });
  const code = (expected: string) => (error: unknown) =>
    error instanceof ProblemError && error.problem.code === expected;
  await assert.rejects(engine.pullImage('me/private:1'), code('registry_denied'));
  await engine.pullImage('me/private:1', { credentials });
  await assert.rejects(engine.pullImage('me/arm:1'), code('image_unusable'));
  await assert.rejects(engine.pullImage('me/none:1'), code('image_not_found'));
  const first = engine.seedImage('me/shop:1', { files: { '/cloud_manifest.yml': 'name: one' } });
  await engine.pullImage('me/shop:1');
  const second = engine.seedImage('me/shop:1', { files: { '/cloud_manifest.yml': 'name: two' } });
  assert.notEqual(second.digest, first.digest);
  assert.equal((await engine.inspectImage('me/shop:1'))?.id, first.id, 'not before it is pulled');
  assert.equal((await engine.pullImage('me/shop:1')).id, second.id);
  assert.equal(
    Buffer.from((await engine.readImageFile(first.id, ['/cloud_manifest.yml'], 99)) ?? []).toString(),
    'name: one',
  );
});

test('ten thousand apps: one of them is found without looking at the others', async () => {
  const engine = createMemoryEngine({ installation: 'i', acceptAnyImage: true });
  const { id: image } = await engine.pullImage('me/shop:1');
  for (let n = 0; n < 10_000; n++) {
    const labels = { 'minicloud.app': `app${n}` };
    const spec: ContainerSpec = {
      name: `box${n}`,
      image,
      labels,
      env: {},
      network: 'none',
      volumes: [],
      restart: 'no',
    };
    await engine.startContainer(await engine.createContainer(spec));
  }
  const wanted = { 'minicloud.installation': 'i', 'minicloud.app': 'app7777' };
  assert.equal([...candidates(engine.world, wanted)].length, 1, 'one candidate is looked at');
  const [found, ...more] = await engine.listContainers({ 'minicloud.app': 'app7777' });
  assert.deepEqual([found?.name, more.length], ['box7777', 0]);
  assert.equal((await engine.listContainers({})).length, 10_000);
  for (const { id } of await engine.listContainers({})) await engine.removeContainer(id);
  assert.equal(engine.world.owned.size, 0, 'nothing is left in the index');
});
