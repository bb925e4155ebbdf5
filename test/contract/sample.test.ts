/** The sample app as it is deployed: with a database that comes later, a volume, and visitors of all kinds. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backing } from '../../server/src/adapters/backing/contract.ts';
import { createMariadb } from '../../server/src/adapters/backing/mariadb.ts';
import type { ContainerSpec, Engine } from '../../server/src/adapters/engine/contract.ts';
import { createDockerEngine } from '../../server/src/adapters/engine/docker.ts';

const signal = AbortSignal.timeout(280_000);
const installation = 'h4sample';
const network = { name: 'minicloud-h4sample', subnet: '10.215.5.0/26' };
const grant = { name: 'sample_t1', password: 'a/b@c:d?e#f%20' };

describe('sample app', () => {
  let engine: Engine;
  let database: Backing;
  let url: string;

  before(async () => {
    const socketPath = process.env.MINICLOUD_TEST_DOCKER;
    assert.ok(socketPath, 'MINICLOUD_TEST_DOCKER names no engine: run this by npm test -- contract sample');
    engine = await createDockerEngine({ socketPath, installation });
    const image = async (variable: string) => {
      const found = await engine.inspectImage(process.env[variable] ?? '');
      assert.ok(found, `${variable} names no image`);
      return found.id;
    };
    database = createMariadb({
      engine,
      installation,
      network: {
        name: network.name,
        ensure: async (labels) => {
          await engine.ensureNetwork({ ...network, labels });
          return undefined;
        },
      },
      now: Date.now,
      rootPassword: async () => 'root-password-of-this-test',
      image: () => image('MINICLOUD_TEST_MARIADB_IMAGE'),
      imageHere: () => image('MINICLOUD_TEST_MARIADB_IMAGE'),
    });
    await clear(engine);
    await engine.ensureNetwork({ ...network, labels: {} });
    await engine.ensureVolume('h4-sample-data', {});
    const spec: ContainerSpec = {
      name: 'h4-sample',
      image: await image('MINICLOUD_TEST_SAMPLE_IMAGE'),
      labels: {},
      env: { DATABASE_URL: database.url(grant), MINICLOUD_RELEASE: '7' },
      network: { name: network.name, aliases: [] },
      volumes: [{ volume: 'h4-sample-data', path: '/data' }],
      memoryBytes: 128e6,
      restart: 'always',
    };
    await engine.createContainer(spec);
    await engine.startContainer(spec.name);
    url = await address(engine);
  });
  after(async () => {
    if (engine) await clear(engine);
  });

  const ask = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { redirect: 'manual', signal: AbortSignal.timeout(10_000), ...init });
  const post = (body: object) => ask('/api/entries', { method: 'POST', body: JSON.stringify(body) });
  const entries = async () =>
    (await (await ask('/api/entries')).json()) as { release: string; entries: { name: string; message: string }[] };
  const untilHealthy = async () => {
    for (let tries = 0; tries < 300; tries++) {
      const ok = await ask('/healthz', { signal: AbortSignal.timeout(2000) }).then(
        (answer) => answer.ok,
        () => false,
      );
      if (ok) return;
      await sleep(100);
    }
    assert.fail('it did not become healthy within 30 s');
  };

  test('it waits for a database that comes later, and is not healthy before', async () => {
    await sleep(1000);
    await assert.rejects(ask('/healthz', { signal: AbortSignal.timeout(500) }));
    await database.ensure({ signal });
    await database.grant(grant, { signal });
    await untilHealthy();
    assert.equal((await engine.inspectContainer('h4-sample'))?.restarts, 0);
  });

  test('entries are written to the database and read back, with the release that answers', async () => {
    assert.equal((await post({ name: 'Ada', message: 'first\nsecond 🐝' })).status, 201);
    const read = await entries();
    assert.equal(read.release, '7');
    assert.deepEqual(
      read.entries.map(({ name, message }) => [name, message]),
      [['Ada', 'first\nsecond 🐝']],
    );
  });

  test('bad entries are refused with a reason', async () => {
    for (const bad of [
      {},
      { name: 'x' },
      { name: ' ', message: 'y' },
      { name: 'x', message: 'y'.repeat(501) },
      { name: 1, message: 2 },
    ]) {
      const answer = await post(bad);
      assert.equal(answer.status, 400);
      assert.match(((await answer.json()) as { problem: string }).problem, /\w+ \w+/);
    }
    assert.equal((await post({ name: 'x', message: 'y'.repeat(20_000) })).status, 400);
    assert.equal((await entries()).entries.length, 1);
  });

  test('markup of visitors is shown as text, under a policy that would run nothing', async () => {
    const form = new URLSearchParams({ name: '<script>alert(1)</script>', message: '"><img src=x onerror=alert(1)>' });
    const answer = await ask('/', { method: 'POST', body: form });
    assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/#entries']);
    const page = await ask('/');
    const html = await page.text();
    assert.ok(html.includes('&lt;script&gt;') && !html.includes('<script') && !html.includes('<img'));
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  });

  test('visits are counted on the volume and outlive the container, entries too', async () => {
    const visits = async () => Number(/<b>(\d+)<\/b> visits/.exec(await (await ask('/')).text())?.[1]);
    const counted = await visits();
    assert.ok(counted > 0);
    await engine.stopContainer('h4-sample', 10);
    assert.equal((await engine.inspectContainer('h4-sample'))?.exitCode, 0);
    await engine.startContainer('h4-sample');
    url = await address(engine);
    await untilHealthy();
    assert.equal(await visits(), counted + 1);
    assert.equal((await entries()).entries.length, 2);
  });

  test('it is unhealthy while the database is away, and recovers by itself', async () => {
    await engine.stopContainer(database.container, 30);
    const away = await ask('/healthz').then(
      (answer) => answer.status,
      () => 503,
    );
    assert.equal(away, 503);
    await database.ensure({ signal });
    await untilHealthy();
  });
});

async function address(engine: Engine): Promise<string> {
  const host = (await engine.inspectContainer('h4-sample'))?.addresses[network.name];
  assert.ok(host, 'the sample has no address');
  return `http://${host}:8000`;
}

async function clear(engine: Engine): Promise<void> {
  for (const { name } of await engine.listContainers({})) await engine.removeContainer(name);
  for (const { name } of await engine.listVolumes()) await engine.removeVolume(name);
  for (const { name } of await engine.listNetworks()) await engine.removeNetwork(name);
}
