import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ProblemError } from 'minicloud-shared/model/problem';
import { createMemoryEngine } from '../adapters/engine/memory.ts';
import { createMemoryWorld } from '../adapters/engine/memory-world.ts';
import { openCloud } from '../cloud.ts';
import { readConfig } from '../config.ts';
import { ensureServicesNetwork } from '../services/services.ts';
import { ensureApp, networkName, onFreeSubnet, subnetOf, subnetTries } from './apps.ts';
import { overlapping, routedBlocks } from './subnets.ts';

const pool = '10.64.0.0/23';
const roomy = '10.64.0.0/22';
const signal = AbortSignal.timeout(30_000);

test('the parts of a pool that others touch', () => {
  assert.deepEqual(overlapping(pool, ['10.63.0.0/16', '172.17.0.0/16']), []);
  assert.deepEqual(overlapping(pool, ['10.64.0.64/26', '10.64.1.255/32', '10.64.0.70/29']), [1, 7]);
  // As `docker network create --subnet 10.64.0.130/25` leaves it: an address inside.
  assert.deepEqual(overlapping(pool, ['10.64.0.130/25']), [2, 3]);
  assert.deepEqual(overlapping(pool, ['10.0.0.0/8']), [0, 1, 2, 3, 4, 5, 6, 7]);
});

test('where the machine has routes is kept clear of, but for networks that hold the whole pool', () => {
  // As Linux tells it on a machine with a way out, its own network 10.0.0.0/8, and a bridge that was left behind.
  const table = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0',
    'br-left\t4000400A\t00000000\t0001\t0\t0\t0\tC0FFFFFF\t0\t0\t0',
    'tun0\t8301400A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0',
    '',
  ].join('\n');
  assert.deepEqual(routedBlocks(pool, table), ['10.64.0.64/26', '10.64.1.131/32']);
  assert.deepEqual(overlapping(pool, routedBlocks(pool, table)), [1, 6]);
});

test('the n-th /26 of a pool, by what its addresses are for', () => {
  const { subnet, range, replicas, support, services } = subnetOf('10.208.0.0/12', 5);
  assert.deepEqual([subnet, range], ['10.208.1.64/26', '10.208.1.64/27']);
  assert.deepEqual([replicas[0], replicas.at(-1)], ['10.208.1.66', '10.208.1.95']);
  assert.deepEqual([support[0], support.at(-1)], ['10.208.1.96', '10.208.1.111']);
  assert.deepEqual([services[0], services.at(-1)], ['10.208.1.112', '10.208.1.126']);
});

test('new networks keep clear of every network of the engine', async () => {
  await withCloud(async ({ cloud, others }) => {
    await others.ensureNetwork({ name: 'company', subnet: '10.64.0.0/25', labels: {} });
    await others.ensureNetwork({ name: 'late', subnet: '10.64.1.0/26', labels: {} });
    const names = ['ant', 'bee', 'cow'];
    const apps = await Promise.all(names.map((name) => ensureApp(cloud, { name, environment: 'production' })));
    assert.deepEqual(apps.map(({ subnet }) => subnet).sort(), [2, 3, 5]);
    const network = { name: 'services', labels: {}, kind: 'mariadb' as const };
    const parts = { engine: cloud.engine, db: cloud.db, config: cloud.config };
    assert.equal(await ensureServicesNetwork(parts, network, signal), '10.64.1.176', 'the 48th of the sixth /26');
    assert.equal(await ensureServicesNetwork(parts, network, signal), '10.64.1.176', 'made once');
    await ensureApp(cloud, { name: 'dog', environment: 'production' });
    await assert.rejects(
      ensureApp(cloud, { name: 'elk', environment: 'production' }),
      (error) => error instanceof ProblemError && error.problem.code === 'pool_exhausted',
    );
    assert.deepEqual(
      (await cloud.db.selectFrom('apps').select('name').orderBy('name').execute()).map(({ name }) => name),
      ['ant', 'bee', 'cow', 'dog'],
      'what found no place left nothing behind',
    );
  });
});

test('addresses that somebody takes after they were chosen are replaced by others', async () => {
  await withCloud(async ({ cloud, others }) => {
    const app = await ensureApp(cloud, { name: 'ant', environment: 'production' });
    await others.ensureNetwork({ name: 'faster', subnet: subnetOf(pool, app.subnet).subnet, labels: {} });
    const make = (now: typeof app) =>
      cloud.engine.ensureNetwork({ name: networkName(now), subnet: subnetOf(pool, now.subnet).subnet, labels: {} });
    const moved = await onFreeSubnet(cloud, app, make, signal);
    assert.notEqual(moved.subnet, app.subnet);
    const stored = await cloud.db.selectFrom('apps').select('subnet').executeTakeFirstOrThrow();
    assert.equal(stored.subnet, moved.subnet);
    assert.deepEqual(await onFreeSubnet(cloud, moved, make, signal), moved, 'its own network is not in its way');
  });
});

test('somebody who is faster every time is told of, after a few tries; other failures at once', async () => {
  await withCloud(async ({ cloud, others }) => {
    const pool = roomy;
    const app = await ensureApp(cloud, { name: 'ant', environment: 'production' });
    let tries = 0;
    const late = async ({ subnet }: typeof app) => {
      tries += 1;
      await others.ensureNetwork({ name: `faster${tries}`, subnet: subnetOf(pool, subnet).subnet, labels: {} });
      await cloud.engine.ensureNetwork({ name: networkName(app), subnet: subnetOf(pool, subnet).subnet, labels: {} });
    };
    await assert.rejects(onFreeSubnet(cloud, app, late, signal), new RegExp(`faster${subnetTries} has`));
    assert.equal(tries, subnetTries);
    const bee = await ensureApp(cloud, { name: 'bee', environment: 'production' });
    let asked = 0;
    const broken = async () => {
      asked += 1;
      throw new Error('no bridge');
    };
    await assert.rejects(onFreeSubnet(cloud, bee, broken, signal), /no bridge/);
    assert.equal(asked, 1);
  }, roomy);
});

type Parts = { cloud: Awaited<ReturnType<typeof openCloud>>['cloud']; others: ReturnType<typeof createMemoryEngine> };

/** A cloud of its own on an engine that somebody else uses too. */
async function withCloud(work: (parts: Parts) => Promise<void>, networkPool = pool): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'minicloud-subnets-'));
  const world = createMemoryWorld();
  const config = readConfig(['--home', home, '--engine', 'memory', '--network-pool', networkPool], {});
  const open = await openCloud(config, {
    version: '0.0.0',
    serverFolder: home,
    write: () => {},
    engine: (installation) => createMemoryEngine({ installation, world, acceptAnyImage: true }),
  });
  try {
    await work({ cloud: open.cloud, others: createMemoryEngine({ installation: 'others', world }) });
  } finally {
    await open.close();
    await rm(home, { recursive: true, force: true });
  }
}
