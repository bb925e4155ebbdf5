/**
 * Two installations on one engine with the same pool of addresses, among networks of others; and an app that wants every
 * place of the shared database for itself.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Engine } from '../../server/src/adapters/engine/contract.ts';
import { createDockerEngine } from '../../server/src/adapters/engine/docker.ts';
import { type Lab, requireEnv, startLab } from '../harness/companion.ts';
import { connects } from '../harness/outside.ts';

/** Sixteen networks; the first two are somebody else's, and in the third the machine has an address. */
const pool = '10.216.192.0/22';
const machines = { name: 'mc-neighbour', address: '10.216.192.129/26' };
const company = { name: 'mc-neighbours-company', subnet: '10.216.192.0/25', labels: {} };

const manifest = (name: string, image = 1) => `name: ${name}
image: minicloud-test/app:${image}
expose: [{ port: 8080 }]
healthcheck: { path: /healthz, port: 8080, grace: 20s }
needs: [database]
`;

let others: Engine;
let labs: Lab[] = [];
before(async () => {
  const socketPath = requireEnv('MINICLOUD_TEST_DOCKER');
  others = await createDockerEngine({ socketPath, installation: 'neighbours' });
  await others.ensureNetwork(company);
  // What the engine knows nothing of: a tunnel, a virtual machine, a bridge that somebody left.
  await ip('link', 'add', machines.name, 'type', 'bridge');
  await ip('addr', 'add', machines.address, 'dev', machines.name);
  await ip('link', 'set', machines.name, 'up');
  labs = await Promise.all([0, 1].map(() => startLab({ settings: ['--network-pool', pool] })));
});
after(async () => {
  await Promise.all(labs.map((lab) => lab.remove()));
  await others?.removeNetwork(company.name);
  await ip('link', 'delete', machines.name);
});

const ip = (...argv: string[]) => promisify(execFile)('ip', argv, { timeout: 10_000 });

const [first, second] = [() => labs[0] as Lab, () => labs[1] as Lab];

test('both deploy at once, each app in a network of its own, clear of everybody else', async () => {
  const deploys = [
    first().deploy(manifest('shop')),
    second().deploy(manifest('shop')),
    first().deploy(manifest('blog')),
  ];
  for (const operation of await Promise.all(deploys))
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  for (const lab of labs) assert.equal((await lab.get('shop.localhost')).status, 200);
  assert.equal((await first().get('blog.localhost')).status, 200);
  const subnets = (await Promise.all([...labs.map((lab) => lab.engine), others].map((each) => each.listNetworks())))
    .flat()
    .map(({ subnet }) => subnet);
  assert.equal(new Set(subnets).size, 6, subnets.join());
  assert.ok(!subnets.includes('10.216.192.128/26'), subnets.join());
});

test('the shared server stands at the addresses of shared services, in every network', async () => {
  for (const lab of labs) {
    const [mariadb] = await lab.engine.listContainers({ 'minicloud.platform': 'mariadb' });
    const addresses = Object.values(mariadb?.addresses ?? {});
    assert.ok(addresses.length >= 2, addresses.join());
    for (const address of addresses) assert.equal(Number(address.split('.')[3]) % 64, 48, address);
  }
});

/** Of the places that the shared server has, 500. */
const halfOfAll = 250;

test('one app can not take every place of the database before login, and the others do not notice', async () => {
  const lab = first();
  const [shop, blog] = await Promise.all(['shop', 'blog'].map((name) => containerOf(lab, name)));
  assert.ok(shop && blog);
  const attack = lab.engine.exec(shop, ['node', '-e', crowd]);
  try {
    await refusals(lab, shop, 100);
    // 60 are let in at a time, as `connectionsPerApp` says, of the 490 that it wants. One that ends makes room for the
    // next before the server has seen its end, which takes as long as the machine is busy: the server's count is higher,
    // and what matters is that half of its places are never the crowd's.
    const seen = [await placesTaken(lab)];
    for (let tries = 0; tries < 5; tries += 1) {
      const answer = await lab.engine.exec(blog, ['node', '-e', knock]);
      assert.equal(answer.stdout, 'let in', answer.stderr);
      seen.push(await placesTaken(lab));
    }
    assert.ok(Math.max(...seen) >= 50 && Math.max(...seen) <= halfOfAll, `${seen.join()} places were taken`);
    const status = await lab.client.system.status.query();
    assert.equal(status.components.find(({ name }) => name === 'mariadb')?.state, 'ok');
    const deployed = await lab.deploy(manifest('news'));
    assert.equal(deployed.state, 'succeeded', JSON.stringify(deployed.problem));
    // When a network comes, connections may be forgotten and their places given once more; the server ends the old
    // ones within seconds. There is room for that.
    const then = await placesTaken(lab);
    assert.ok(then <= halfOfAll, `${then} places were taken while an app came`);
  } finally {
    await lab.engine.exec(shop, ['touch', '/tmp/stop']);
    await attack;
  }
  const door = await lab.engine.exec(blog, ['node', '-e', knock.replace('3306', '3307')]);
  assert.equal(door.stdout, 'refused', 'the door of the companion is closed to apps');
});

test('from a deployed app and its support container each cell is as the matrix says', async () => {
  const lab = first();
  const deployed = await lab.deploy(`${manifest('shop')}support: { helper: { image: minicloud-test/app:1 } }\n`);
  assert.equal(deployed.state, 'succeeded', JSON.stringify(deployed.problem));
  const found = await lab.engine.listContainers({ 'minicloud.app-name': 'shop' });
  const at = (one: { addresses: Record<string, string> } | undefined) => Object.values(one?.addresses ?? {})[0] ?? '';
  const isSupport = (one: (typeof found)[number]) => Number(at(one).split('.')[3]) % 64 >= 32;
  const [app, helper] = [found.find((one) => !isSupport(one)), found.find(isSupport)];
  assert.ok(app && helper);
  const [blog] = await lab.engine.listContainers({ 'minicloud.app-name': 'blog' });
  const [theirs] = await second().engine.listContainers({ 'minicloud.platform': 'mariadb' });
  const machine = createServer((socket) => socket.end()).listen(0, '0.0.0.0');
  await once(machine, 'listening');
  const { port: machinePort } = machine.address() as { port: number };
  const gateway = at(app).replace(/\d+$/, (last) => String(Math.floor(Number(last) / 64) * 64 + 1));
  const cells: [title: string, host: string, port: number, app: boolean, support: boolean][] = [
    ['its support container', at(helper), 8080, true, true],
    ['its shared service', 'mariadb', 3306, true, false],
    ["the companion's door to it", 'mariadb', 3307, false, false],
    ['another app', at(blog), 8080, false, false],
    ["another installation's service", at(theirs), 3306, false, false],
    ['a port of the machine', gateway, machinePort, false, false],
  ];
  try {
    for (const [title, host, port, fromApp, fromSupport] of cells) {
      const answers = async (container: string) =>
        (await lab.engine.exec(container, ['node', '-e', connects(host, port)])).stdout;
      assert.equal(await answers(app.id), fromApp ? 'yes' : 'no', `from the app to ${title}`);
      assert.equal(await answers(helper.id), fromSupport ? 'yes' : 'no', `from support to ${title}`);
      if (host === 'mariadb') continue;
      // Who is refused is refused something that is there.
      await once(connect(port, host), 'connect');
    }
  } finally {
    machine.close();
  }
});

test('a pool without room is told, and nothing of the app is left', async () => {
  const full = async () => {
    for (let count = 0; count < 16; count += 1)
      await second().client.deploys.start.mutate({ manifest: manifest(`more${count}`) });
  };
  await assert.rejects(full(), /no network left/);
  for (const lab of labs) assert.equal((await lab.get('shop.localhost')).status, 200);
});

async function containerOf(lab: Lab, app: string): Promise<string | undefined> {
  return (await lab.engine.listContainers({ 'minicloud.app-name': app }))[0]?.id;
}

/** Wants nearly all that the server has, without ever logging in, again and again; the server ends such ones after seconds. */
const crowd = `
const net = require('node:net'), fs = require('node:fs');
let refused = 0;
const open = () => {
  const socket = net.connect(3306, 'mariadb');
  socket.resume();
  socket.on('error', () => { refused += 1; });
  socket.on('close', () => setTimeout(open, 500));
};
for (let count = 0; count < 490; count += 1) open();
setInterval(() => {
  fs.writeFileSync('/tmp/refused', String(refused));
  if (fs.existsSync('/tmp/stop')) process.exit(0);
}, 50);
`;

const knock = `
const socket = require('node:net').connect(3306, 'mariadb');
const end = (word) => { process.stdout.write(word); process.exit(0); };
socket.setTimeout(5000, () => end('silence'));
socket.on('data', () => end('let in'));
socket.on('error', () => end('refused'));
`;

/** Until the app was refused so often. */
async function refusals(lab: Lab, container: string, count: number): Promise<void> {
  for (let tries = 0; tries < 150; tries += 1) {
    if (Number((await lab.engine.exec(container, ['cat', '/tmp/refused'])).stdout) >= count) return;
    await sleep(100);
  }
  assert.fail('the crowd was never refused');
}

/** Connections that the server holds at its port, as its kernel counts them. */
async function placesTaken(lab: Lab): Promise<number> {
  const [mariadb] = await lab.engine.listContainers({ 'minicloud.platform': 'mariadb' });
  const { stdout } = await lab.engine.exec(mariadb?.id ?? '', ['cat', '/proc/net/tcp']);
  // Local address with the port in hexadecimal, the other end, and 01 for an established connection.
  return [...stdout.matchAll(/:0CEA [0-9A-F]+:[0-9A-F]+ 01 /g)].length;
}
