import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect as connectSocket, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from 'minicloud-shared/model/problem';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { type BackingClient, backingConformance } from '../../server/src/adapters/backing/conformance.ts';
import type { Backing, BackingGrant } from '../../server/src/adapters/backing/contract.ts';
import { createMariadb } from '../../server/src/adapters/backing/mariadb.ts';
import { createMemoryBacking } from '../../server/src/adapters/backing/memory.ts';
import type { Engine } from '../../server/src/adapters/engine/contract.ts';
import { createDockerEngine } from '../../server/src/adapters/engine/docker.ts';

const signal = AbortSignal.timeout(280_000);

backingConformance('memory', async () => {
  const backing = createMemoryBacking();
  return {
    backing,
    client: {
      databases: async ({ name, password }) => backing.login(name, password).databases(),
      write: async ({ name, password }, database, row) => backing.login(name, password).write(database, row),
      read: async ({ name, password }, database) => backing.login(name, password).read(database),
    },
    close: async () => {},
  };
});

backingConformance('MariaDB in Docker', async () => {
  const mariadb = await openMariadb('h4conf', '10.215.1.0/26');
  return { backing: mariadb.backing, client: mariadb.client, close: mariadb.close };
});

describe('MariaDB in Docker: faults and limits', () => {
  let mariadb: Awaited<ReturnType<typeof openMariadb>>;
  const shop: BackingGrant = { name: 'shop_f1', password: 'shop-password-1' };

  before(async () => {
    mariadb = await openMariadb('h4fault', '10.215.2.0/26');
    await mariadb.backing.ensure({ signal });
    await mariadb.backing.grant(shop, { signal });
    await mariadb.client.write(shop, shop.name, 'kept');
  });
  after(async () => {
    await mariadb?.close();
  });

  test('idle it takes at most 120 MB', async () => {
    const { memoryBytes } = await mariadb.engine.stats(mariadb.backing.container);
    assert.ok(memoryBytes < 120e6, `${Math.round(memoryBytes / 1e6)} MB`);
  });

  test('a killed server comes back by itself with what was acknowledged', async () => {
    const { container } = mariadb.backing;
    await mariadb.client.write(shop, shop.name, 'just before');
    await mariadb.engine.exec(container, ['bash', '-c', 'kill -9 $(cat /run/mysqld/mysqld.pid)']);
    await until(async () => ((await mariadb.engine.inspectContainer(container))?.restarts ?? 0) > 0);
    await mariadb.backing.ensure({ signal });
    assert.deepEqual(await mariadb.client.read(shop, shop.name), ['kept', 'just before']);
  });

  test('it ends in order when it is asked to, and starts again', async () => {
    const { container } = mariadb.backing;
    await mariadb.engine.stopContainer(container, 30);
    const stopped = await mariadb.engine.inspectContainer(container);
    assert.equal(stopped?.exitCode, 0, 'it did not have to be killed');
    assert.equal(await mariadb.backing.ready({ signal }), false);
    await mariadb.backing.ensure({ signal });
    assert.deepEqual(await mariadb.client.read(shop, shop.name), ['kept', 'just before']);
  });

  test('with other settings it is replaced, keeps its data and stays in the networks of apps', async () => {
    const { engine, backing } = mariadb;
    const network = 'h4-app-network';
    await engine.ensureNetwork({ name: network, subnet: '10.215.3.0/26', labels: {} });
    await engine.connectNetwork(network, backing.container, { aliases: ['mariadb'], address: '10.215.3.48' });
    const before = await engine.inspectContainer(backing.container);
    const changed = mariadb.again({ memoryBytes: 400 * 1024 * 1024 });
    assert.equal(await changed.replaces({ signal }), true, 'a plan can tell before');
    await changed.ensure({ signal });
    assert.equal(await changed.replaces({ signal }), false);
    const replaced = await engine.inspectContainer(backing.container);
    assert.notEqual(replaced?.id, before?.id);
    assert.equal(replaced?.addresses[network], '10.215.3.48');
    assert.deepEqual(await mariadb.client.read(shop, shop.name), ['kept', 'just before']);
  });

  test('one grant can not take all connections', async () => {
    const tight = mariadb.again({ memoryBytes: 400 * 1024 * 1024, connectionsEach: 3 });
    await tight.grant(shop, { signal });
    const open = await Promise.allSettled(Array.from({ length: 6 }, () => mariadb.connect(shop)));
    const let_in = open.filter((result) => result.status === 'fulfilled');
    for (const { value } of let_in) await value.end();
    assert.equal(let_in.length, 3);
    assert.equal(await tight.ready({ signal }), true);
  });

  test('nobody who fills every place before login keeps the companion out', async () => {
    const { engine, backing } = mariadb;
    const ready = mariadb.again({ memoryBytes: 400 * 1024 * 1024 });
    const host = (await engine.inspectContainer(backing.container))?.addresses['minicloud-h4fault'];
    const sockets: Socket[] = [];
    const knock = () => {
      const socket = connectSocket(backing.port, host);
      socket.on('error', () => {});
      // Read and never answered: the place is held until the server gives up on it.
      socket.resume();
      sockets.push(socket);
    };
    try {
      for (let count = 0; count < 520; count += 1) knock();
      await until(async () => {
        for (let count = 0; count < 50; count += 1) knock();
        return mariadb.connect(shop).then(
          async (connection) => {
            await connection.end();
            return false;
          },
          (error) => /Too many connections/.test(String(error)),
        );
      });
      assert.equal(await ready.ready({ signal }), true);
      await ready.grant(shop, { signal });
      assert.deepEqual(await ready.status({ signal }), { state: 'ok', detail: 'answers' });
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await until(async () =>
      mariadb.connect(shop).then(
        async (connection) => {
          await connection.end();
          return true;
        },
        () => false,
      ),
    );
  });

  test('its status is told apart: off, starting, answers, down', async () => {
    const fresh = await openMariadb('h4state', '10.215.4.0/26');
    try {
      assert.equal((await fresh.backing.status({ signal })).state, 'off');
      const seen = new Set<string>();
      const started = fresh.backing.ensure({ signal });
      let over = false;
      const ended = started.finally(() => {
        over = true;
      });
      while (!over) seen.add((await fresh.backing.status({ signal })).state);
      await ended;
      assert.equal((await fresh.backing.status({ signal })).state, 'ok');
      assert.deepEqual(
        [...seen].filter((state) => state !== 'ok' && state !== 'off'),
        ['starting'],
      );
      await fresh.engine.stopContainer(fresh.backing.container, 30);
      assert.deepEqual(await fresh.backing.status({ signal }), { state: 'down', detail: 'its container is exited' });
    } finally {
      await fresh.close();
    }
  });

  test('revoke ends connections that are open', async () => {
    const connection = await mariadb.connect(shop);
    connection.on('error', () => {});
    await mariadb.backing.revoke(shop.name, { signal });
    await assert.rejects(connection.query('SELECT 1'));
    connection.destroy();
    await mariadb.backing.grant(shop, { signal });
  });

  test('no secret is in the environment, the labels or the log of the container', async () => {
    const { engine, backing } = mariadb;
    let text = (await engine.exec(backing.container, ['cat', '/proc/1/environ', '/proc/1/cmdline'])).stdout;
    text += JSON.stringify(await engine.inspectContainer(backing.container));
    for await (const line of engine.logs(backing.container, { signal })) text += line.text;
    assert.ok(text.includes('MARIADB_ROOT_PASSWORD_HASH='), 'the search would find nothing at all');
    assert.ok(!text.includes(mariadb.rootPassword) && !text.includes(shop.password));
  });

  test('a root password that does not fit the volume is told at once', async () => {
    const stranger = mariadb.again({ memoryBytes: 400 * 1024 * 1024, rootPassword: async () => 'not-the-right-one' });
    await assert.rejects(stranger.ensure({ signal }), (error) => {
      assert.ok(error instanceof ProblemError);
      assert.equal(error.problem.code, 'service_failed');
      assert.match(error.problem.remedy, /root password/);
      assert.ok(!JSON.stringify(error.problem).includes('not-the-right-one'));
      return true;
    });
  });
});

/** A MariaDB of this test's own, and a client in the place of an app. */
async function openMariadb(installation: string, subnet: string) {
  const socketPath = process.env.MINICLOUD_TEST_DOCKER;
  assert.ok(socketPath, 'MINICLOUD_TEST_DOCKER names no engine: run this by npm test -- contract backing');
  const engine: Engine = await createDockerEngine({ socketPath, installation });
  const rootPassword = randomBytes(18).toString('base64url');
  const network = { name: `minicloud-${installation}`, subnet };
  const image = async () => {
    const found = await engine.inspectImage(process.env.MINICLOUD_TEST_MARIADB_IMAGE ?? 'minicloud/mariadb:dev');
    assert.ok(found, 'the image is built by the harness');
    return found.id;
  };
  const make = (changed: Partial<Parameters<typeof createMariadb>[0]> = {}): Backing =>
    createMariadb({
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
      rootPassword: async () => rootPassword,
      image,
      imageHere: image,
      ...changed,
    });
  const backing = make();
  const clear = async () => {
    await engine.removeContainer(backing.container);
    await engine.removeVolume(backing.container);
    for (const { name } of await engine.listNetworks()) await engine.removeNetwork(name);
  };
  await clear();

  const connect = async ({ name, password }: BackingGrant, database = name) => {
    const host = (await engine.inspectContainer(backing.container))?.addresses[network.name];
    assert.ok(host, 'it has no address');
    return createConnection({ host, port: backing.port, user: name, password, database, connectTimeout: 5000 });
  };
  const query = async (grant: BackingGrant, database: string, statement: string, values: string[] = []) => {
    const connection = await connect(grant, database);
    try {
      return (await connection.query<RowDataPacket[]>(statement, values))[0];
    } finally {
      await connection.end();
    }
  };
  const client: BackingClient = {
    async databases(grant) {
      const rows = await query(grant, grant.name, 'SHOW DATABASES');
      return rows.map((row) => String(row.Database)).filter((name) => name !== 'information_schema');
    },
    async write(grant, database, row) {
      await query(
        grant,
        database,
        'CREATE TABLE IF NOT EXISTS notes (id INT AUTO_INCREMENT PRIMARY KEY, row_text TEXT)',
      );
      await query(grant, database, 'INSERT INTO notes (row_text) VALUES (?)', [row]);
    },
    async read(grant, database) {
      const rows = await query(grant, database, 'SELECT row_text FROM notes ORDER BY id');
      return rows.map((row) => String(row.row_text));
    },
  };
  return { engine, backing, client, connect, rootPassword, again: make, close: clear };
}

async function until(check: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await check()) return;
    await sleep(100);
  }
  assert.fail('it did not happen within 30 s');
}
