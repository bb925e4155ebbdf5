/** Two releases beside each other: all that differs, and nothing that should not be told. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';

let companion: MemoryCompanion;
let breaking = false;
before(async () => {
  companion = await startMemoryCompanion({ behaviour: () => (breaking ? { exitCode: 1, healthy: false } : {}) });
  const { client, cloud } = companion;
  const manifest = (more: string) => `name: shop\nexpose: [{ port: 80 }]\n${more}`;
  await companion.deploy(manifest('env: { COLOUR: planted-blue, KEPT: same }\n'), 'shop:1');
  await companion.deploy(
    manifest('env: { COLOUR: planted-green, KEPT: same }\nprocesses: { web: { count: 2 } }\n'),
    'shop:2',
  );
  const { operation } = await client.config.set.mutate({
    app: 'shop',
    set: [{ name: 'LEVEL', kind: 'config', value: 'planted-debug' }],
  });
  await cloud.operations.finished(operation ?? '');
  breaking = true;
  await companion.deploy(manifest('env: { COLOUR: planted-red, KEPT: same }\n'), 'shop:2');
  breaking = false;
});
after(() => companion.stop());

const compared = (input: { from?: number; to?: number } = {}) =>
  companion.client.releases.compare.query({ app: 'shop', ...input });
const words = async (input?: { from?: number; to?: number }) => {
  const { from, to, differences } = await compared(input);
  return [`${from} → ${to}`, ...differences.map(({ action, object }) => `${action} ${object}`)];
};

test('what serves is compared with what served before it, when nothing else is asked for', async () => {
  assert.deepEqual(await words(), ['2 → 3', 'add config LEVEL']);
});

test('image, manifest and config of any two, in either direction', async () => {
  const there = ['change image', 'change process web', 'change variable COLOUR'];
  assert.deepEqual(await words({ from: 1, to: 3 }), ['1 → 3', ...there, 'add config LEVEL']);
  assert.deepEqual(await words({ from: 3, to: 1 }), ['3 → 1', ...there, 'remove config LEVEL']);
  const [image, web] = (await compared({ from: 1, to: 2 })).differences;
  assert.match(`${image?.before} ${image?.after}`, /^shop:1 \(\w+\) shop:2 \(\w+\)$/);
  assert.deepEqual([web?.before?.slice(0, 1), web?.after?.slice(0, 1)], ['1', '2']);
});

test('a release that failed is compared with what served before it', async () => {
  assert.deepEqual(await words({ to: 4 }), ['3 → 4', 'change process web', 'change variable COLOUR']);
  assert.deepEqual(await words({ from: 2, to: 2 }), ['2 → 2']);
});

test('a support container whose image moved under its name', async () => {
  const manifest = 'name: moved\nexpose: [{ port: 80 }]\nsupport: { search: { image: search:1 } }\n';
  await companion.deploy(manifest, 'moved:1');
  companion.engine.seedImage('search:1', { local: true, labels: { other: 'image' } });
  await companion.deploy(manifest, 'moved:1');
  const { differences } = await companion.client.releases.compare.query({ app: 'moved' });
  assert.deepEqual(
    differences.map(({ object, before, after }) => [object, before === after]),
    [['image of search', false]],
  );
});

test('no value is told', async () => {
  for (const from of [1, 2, 3]) assert.doesNotMatch(JSON.stringify(await compared({ from, to: from + 1 })), /planted/);
});

test('releases that never were, or have none before them, are refused with a reason', async () => {
  const refused = async (input: object) => {
    const { code, text } = await companion.call(
      'releases.compare',
      'query',
      { app: 'shop', ...input },
      { token: companion.admin },
    );
    return [code, text] as const;
  };
  assert.match((await refused({ to: 9 })).join(), /^not_found,.*The newest are 4, 3, 2, 1/);
  assert.match((await refused({ from: 9 })).join(), /^not_found,/);
  assert.match((await refused({ to: 1 })).join(), /^conflict,.*No release before 1 has served/);
  await companion.client.config.set.mutate({
    app: 'empty',
    create: true,
    set: [{ name: 'A', kind: 'config', value: 'b' }],
  });
  const empty = await companion.call('releases.compare', 'query', { app: 'empty' }, { token: companion.admin });
  assert.match(empty.text, /There is no earlier release.*No release of it has served yet/);
  for (const from of [0, -1, 1.5, '2']) assert.equal((await refused({ from }))[0], 'invalid_input', String(from));
});
