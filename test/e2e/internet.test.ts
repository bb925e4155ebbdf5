/** What a deployed app and its support container may ask of the internet is what their manifest says. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Lab, startLab } from '../harness/companion.ts';
import { eventually } from '../harness/memory-companion.ts';
import { connects, type Outside, startOutside } from '../harness/outside.ts';

/** Stands for the internet. */
const internet = { address: '203.0.113.20', port: 8080 };
let outside: Outside;
let lab: Lab;
before(async () => {
  outside = await startOutside({ link: '10.217.80.0', addresses: [internet.address], port: internet.port });
  // A pool for itself: whoever shares one keeps its support containers from the internet, too.
  lab = await startLab({ settings: ['--network-pool', '10.217.64.0/22'] });
});
after(async () => {
  await lab?.remove();
  await outside?.remove();
});

const manifest = (app: string, support: string) => `name: shop
image: minicloud-test/app:1
expose: [{ port: 8080 }]
processes: { web: { command: testapp } }
support: { helper: { image: minicloud-test/app:1${support} } }
${app}`;

/** Role of each container of the app → whether it reaches the internet, and its neighbour in the app. */
async function reached(): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const { id, labels } of await lab.engine.listContainers({ 'minicloud.app-name': 'shop' })) {
    const neighbour = labels['minicloud.role'] === 'support' ? 'web' : 'helper';
    const ask = async (host: string, port: number) =>
      (await lab.engine.exec(id, ['node', '-e', connects(host, port)])).stdout;
    found[labels['minicloud.role'] ?? ''] = [await ask(internet.address, internet.port), await ask(neighbour, 8080)];
  }
  return found;
}

test('an app asks the internet and a support container does not, unless the manifest says otherwise', async () => {
  const otherwise = ['security: { internet: false }\n', ', internet: true'] as const;
  const [yes, no] = [
    ['yes', 'yes'],
    ['no', 'yes'],
  ];
  const deployed = async (...texts: readonly [string, string]) => {
    const operation = await lab.deploy(manifest(...texts));
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
    assert.equal((await lab.get('shop.localhost')).status, 200, 'visitors reach it');
    return reached();
  };
  assert.deepEqual(await deployed('', ''), { process: yes, support: no });
  assert.deepEqual(await deployed(...otherwise), { process: no, support: yes });
  const status = await lab.client.system.status.query();
  assert.equal(status.components.find(({ name }) => name === 'firewall')?.state, 'ok');
  assert.deepEqual(await deployed('', ''), { process: yes, support: no });
});

test('a container that is repaired has the rules of the one before', async () => {
  const operation = await lab.deploy(manifest('security: { internet: false }\n', ''));
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  const [gone] = await lab.engine.listContainers({ 'minicloud.app-name': 'shop', 'minicloud.role': 'process' });
  assert.ok(gone);
  await lab.engine.removeContainer(gone.id);
  await eventually('it serves again', async () => (await lab.get('shop.localhost')).status === 200, 30_000);
  assert.deepEqual((await reached()).process, ['no', 'yes']);
});
