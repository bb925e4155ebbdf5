/** What the real proxy keeps through certificates that change, kills, damage and another companion. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { createServer } from 'node:net';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { crc32 } from 'node:zlib';
import { ProblemError } from 'minicloud-shared/model/problem';
import { WebSocket, WebSocketServer } from 'ws';
import { comesTo, routesOnly, routeTo } from '../../server/src/adapters/proxy/conformance.ts';
import type { ProxyTable } from '../../server/src/adapters/proxy/contract.ts';
import { createControl } from '../../server/src/adapters/proxy/control.ts';
import { tableHash } from '../../server/src/adapters/proxy/table.ts';
import { makeThrowaway } from '../../server/src/adapters/proxy/throwaway.ts';
import { type App, ask, container, httpPort, httpsPort, type Lab, startApp, startLab } from './proxy-lab.ts';

describe('proxy state', () => {
  let lab: Lab;
  let app: App;
  before(async () => {
    app = await startApp();
  });
  beforeEach(async () => {
    lab = await startLab();
  });
  afterEach(() => lab?.close());
  after(() => app?.close());

  const state = (file: string) => path.join(lab.home, 'proxy/state', file);
  const status = async (host: string) => (await ask({ host })).status;
  const restart = async () => {
    await lab.engine.stopContainer(container, 5);
    await lab.engine.startContainer(container);
    await untilServing();
  };
  const containerPid = async () =>
    (await lab.engine.inspectContainer(container))?.pid ?? assert.fail('it does not run');
  const untilServing = async () => {
    for (let i = 0; i < 400; i += 1) {
      if ((await lab.proxy.status()).running) return;
      await wait(50);
    }
    assert.fail('the proxy did not come back');
  };

  test('a certificate is chosen by name, and one for nobody is thrown away', async () => {
    const exact = { host: 'a.shop.test', ...(await makeThrowaway(Date.now())) };
    const wild = { host: '*.shop.test', ...(await makeThrowaway(Date.now())) };
    await lab.proxy.apply({ routes: [], certificates: [exact, wild], challenges: [] });
    const fingerprint = (pem: string) => new X509Certificate(pem).fingerprint256;
    assert.equal(await servedFingerprint('a.shop.test'), fingerprint(exact.certificatePem));
    assert.equal(await servedFingerprint('B.SHOP.test'), fingerprint(wild.certificatePem));
    const throwaway = fingerprint(await readFile(path.join(lab.home, 'proxy/conf/throwaway.pem'), 'utf8'));
    assert.equal(await servedFingerprint('nobody.test'), throwaway);
    assert.equal(await servedFingerprint('x.b.shop.test'), throwaway);
    assert.equal(await servedFingerprint(''), throwaway);
  });

  test('open connections live through fifty changes of routes and certificates, with the same workers', async () => {
    const control = createControl(path.join(lab.home, 'proxy/run/control.sock'));
    const sockets = new WebSocketServer({ server: app.server });
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
    const certificates = await Promise.all(Array.from({ length: 5 }, () => makeThrowaway(Date.now())));
    const table = (index: number): ProxyTable => ({
      routes: [routeTo('shop.test', [{ address: app.address, weight: 1, release: index + 1 }])],
      certificates: [{ host: 'shop.test', ...(certificates[index % 5] ?? assert.fail()) }],
      challenges: [],
    });
    await lab.proxy.apply(table(0));
    // A worker says that it is there when it begins, a moment after the first one answers.
    await comesTo(true, async () => (await control.status()).pids.length === (await control.status()).workers);
    const { pids } = await control.status();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const connections = new Set<unknown>();
    agent.on('free', (socket) => connections.add(socket));
    const socket = new WebSocket(`ws://127.0.0.1:${httpPort}/`, { headers: { host: 'shop.test' } });
    await once(socket, 'open');
    for (let index = 1; index <= 50; index += 1) {
      await lab.proxy.apply(table(index));
      assert.equal((await ask({ scheme: 'https', host: 'shop.test', agent })).status, 200);
      const echoed = once(socket, 'message');
      socket.send(`change ${index}`);
      assert.equal(String((await echoed)[0]), `change ${index}`);
      const expected = new X509Certificate(certificates[index % 5]?.certificatePem ?? '').fingerprint256;
      assert.equal(await servedFingerprint('shop.test'), expected, 'the new certificate serves at once');
    }
    assert.equal(connections.size, 1, 'one kept-alive connection carried all requests');
    assert.deepEqual((await control.status()).pids, pids);
    agent.destroy();
    socket.terminate();
    sockets.close();
  });

  test('it starts cold from the disk without the companion, after clean stops and kill -9 alike', async () => {
    const certificate = { host: 'shop.test', ...(await makeThrowaway(Date.now())) };
    const table = { ...routesOnly(routeTo('shop.test', [app.address])), certificates: [certificate] };
    await lab.proxy.apply(table);
    await lab.proxy.apply({ ...table, routes: [...table.routes, routeTo('late.test', [app.address])] });
    const expected = (await lab.proxy.status()).hash;
    await restart();
    assert.deepEqual([await status('shop.test'), await status('late.test')], [200, 200]);
    assert.equal(await servedFingerprint('shop.test'), new X509Certificate(certificate.certificatePem).fingerprint256);

    const [master = assert.fail()] = await childrenOf(await containerPid());
    process.kill(master, 'SIGKILL');
    while ((await lab.engine.inspectContainer(container))?.restarts === 0) await wait(50);
    await untilServing();
    assert.deepEqual([await status('shop.test'), await status('late.test')], [200, 200]);
    const found = await lab.proxy.status();
    assert.deepEqual([found.hash, found.warnings], [expected, []]);
  });

  test('workers that die are replaced and answer by the table', async () => {
    await lab.proxy.apply(routesOnly(routeTo('shop.test', [app.address])));
    const [master = assert.fail()] = await childrenOf(await containerPid());
    // After the restart of the test before, one of them serves before the other is there.
    let workers: number[] = [];
    while (workers.length < 2) workers = await childrenOf(master);
    const sockets = new WebSocketServer({ server: app.server });
    const socket = new WebSocket(`ws://127.0.0.1:${httpPort}/`, { headers: { host: 'shop.test' } });
    await once(socket, 'open');
    const active = async () => (await lab.proxy.counters()).reduce((sum, counter) => sum + counter.active, 0);
    assert.equal(await active(), 1);
    const cut = once(socket, 'close');
    for (const worker of workers) process.kill(worker, 'SIGKILL');
    await cut;
    sockets.close();
    while ((await childrenOf(master)).filter((pid) => !workers.includes(pid)).length < 2) await wait(20);
    for (let i = 0; i < 20; i += 1) assert.equal(await status('shop.test'), 200);
    // A request is counted out after its answer has gone.
    for (let i = 0; i < 250 && (await active()) > 0; i += 1) await wait(20);
    assert.equal(await active(), 0, 'what was under way in a dead worker is not any more');
    await lab.proxy.apply(routesOnly(routeTo('next.test', [app.address])));
    for (let i = 0; i < 20; i += 1) {
      assert.deepEqual([await status('shop.test'), await status('next.test')], [421, 200]);
    }
  });

  test('a torn journal costs what was not acknowledged, and later changes are not lost in it', async () => {
    await lab.proxy.apply(routesOnly(routeTo('one.test', [app.address])));
    await lab.proxy.apply(routesOnly(routeTo('one.test', [app.address]), routeTo('two.test', [app.address])));
    const journal = await newestJournal(state(''));
    const whole = (await stat(journal)).size;
    await appendFile(journal, '\n0badc0de {"kind":"begin"');
    await restart();
    assert.deepEqual([await status('one.test'), await status('two.test')], [200, 200]);
    assert.match((await lab.proxy.status()).warnings.join(), /journal is damaged/);
    // The companion does not know the hash any more and sends everything; then all is well again.
    const next = routesOnly(routeTo('three.test', [app.address]));
    await lab.proxy.apply(next);
    await restart();
    assert.deepEqual([await status('two.test'), await status('three.test')], [421, 200]);
    const { hash, warnings } = await lab.proxy.status();
    assert.deepEqual([hash, warnings], [tableHash(next), []]);
    assert.ok(whole > 0);
  });

  test('what a killed worker wrote half does not swallow the next change', async () => {
    await lab.proxy.apply(routesOnly(routeTo('one.test', [app.address])));
    await lab.proxy.apply(routesOnly(routeTo('two.test', [app.address])));
    const record = (value: object) => {
      const json = JSON.stringify(value);
      return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
    };
    const begin = record({ kind: 'begin', generation: 1 });
    const ghost = record({ kind: 'route', ...routeTo('ghost.test', [app.address]) });
    await appendFile(await newestJournal(state('')), `${begin}${ghost}${ghost.slice(0, 30)}`);
    await lab.proxy.apply(routesOnly(routeTo('three.test', [app.address])));
    await restart();
    assert.deepEqual(await Promise.all(['two.test', 'three.test', 'ghost.test'].map(status)), [421, 200, 421]);
  });

  test('a change that was cut short by a power loss is left out whole', async () => {
    await lab.proxy.apply(routesOnly(routeTo('one.test', [app.address])));
    await lab.proxy.apply(routesOnly(routeTo('one.test', [app.address]), routeTo('two.test', [app.address])));
    const journal = await newestJournal(state(''));
    // Without its commit line a change was never acknowledged.
    const text = await readFile(journal, 'utf8');
    await truncate(journal, text.lastIndexOf('\n', text.length - 2) + 1);
    await restart();
    assert.deepEqual([await status('one.test'), await status('two.test')], [200, 421]);
  });

  test('damage in the snapshot costs the damaged entries only, and is told', async () => {
    const hosts = ['one.test', 'two.test', 'three.test'];
    await lab.proxy.apply(routesOnly(...hosts.map((host) => routeTo(host, [app.address]))));
    const text = await readFile(state('snapshot'), 'utf8');
    await writeFile(state('snapshot'), text.replace('two.test', 'twX.test'));
    await restart();
    assert.deepEqual(await Promise.all(hosts.map(status)), [200, 421, 200]);
    const { hash, warnings } = await lab.proxy.status();
    assert.equal(hash, '');
    assert.match(warnings.join(), /snapshot is damaged/);
    // Its first line gone too: what follows is still read.
    await writeFile(state('snapshot'), text.slice(40));
    await restart();
    assert.deepEqual(await Promise.all(hosts.map(status)), [200, 200, 200]);
    await lab.proxy.apply(routesOnly(routeTo('one.test', [app.address])));
    assert.deepEqual((await lab.proxy.status()).warnings, []);
  });

  test('a state of nonsense does not keep it from starting', async () => {
    await lab.proxy.apply(routesOnly(routeTo('one.test', [app.address])));
    await writeFile(state('snapshot'), Buffer.from([0, 255, 10, 13, 7]));
    await writeFile(state('journal.0'), '{}');
    await writeFile(state('journal.1'), 'x'.repeat(100_000));
    await restart();
    assert.equal(await status('one.test'), 421);
    await lab.proxy.apply(routesOnly(routeTo('one.test', [app.address])));
    await restart();
    assert.equal(await status('one.test'), 200);
  });

  test('the journal is folded into the snapshot when it outgrows it', async () => {
    const table = (release: number) =>
      routesOnly(routeTo('shop.test', [{ address: app.address, weight: 1, release }], { app: 'a'.repeat(40) }));
    const big = (release: number): ProxyTable => ({
      ...table(release),
      routes: Array.from({ length: 1500 }, (_, i) =>
        routeTo(`h${i}.test`, [{ address: app.address, weight: 1, release }]),
      ),
    });
    for (let release = 1; release <= 8; release += 1) await lab.proxy.apply(big(release));
    const sizes = await Promise.all((await readdir(state(''))).map(async (file) => (await stat(state(file))).size));
    assert.ok(Math.max(...sizes) < 1_500_000, `sizes ${sizes}`);
    const { hash } = await lab.proxy.status();
    assert.equal(hash, tableHash(big(8)));
    await restart();
    assert.equal((await lab.proxy.status()).hash, hash);
    assert.equal(await status('h1499.test'), 200);
  });

  test('a state that can’t be written refuses the change, says so, and keeps serving', async () => {
    await lab.proxy.apply(routesOnly(routeTo('one.test', [app.address])));
    await rm(await newestJournal(state('')).catch(() => state('journal.1')), { force: true });
    for (const file of ['journal.0', 'journal.1', 'snapshot.new']) await mkdir(state(file));
    const two = routesOnly(routeTo('two.test', [app.address]));
    await assert.rejects(lab.proxy.apply(two), (error) => {
      assert.ok(error instanceof ProblemError && error.problem.code === 'proxy_failed');
      assert.match(error.problem.why, /journal.*directory/i);
      return true;
    });
    assert.deepEqual([await status('one.test'), await status('two.test')], [200, 421]);
    for (const file of ['journal.0', 'journal.1', 'snapshot.new']) await rm(state(file), { recursive: true });
    await lab.proxy.apply(two);
    assert.deepEqual([await status('one.test'), await status('two.test')], [421, 200]);
  });

  test('a companion that does not know what is served brings it up to its table', async () => {
    await lab.proxy.apply(routesOnly(routeTo('one.test', [app.address]), routeTo('two.test', [app.address])));
    const other = lab.makeProxy();
    await other.apply(routesOnly(routeTo('two.test', [app.address]), routeTo('three.test', [app.address])));
    assert.deepEqual(await Promise.all(['one.test', 'two.test', 'three.test'].map(status)), [421, 200, 200]);
    // And the first, whose memory is wrong now.
    await lab.proxy.apply(routesOnly(routeTo('one.test', [app.address])));
    assert.deepEqual(await Promise.all(['one.test', 'two.test', 'three.test'].map(status)), [200, 421, 421]);
  });

  test('other settings replace the container, and its table survives', async () => {
    await lab.proxy.apply(routesOnly(routeTo('one.test', [app.address])));
    const before = await lab.engine.inspectContainer(container);
    await lab.makeProxy().ensure();
    assert.equal((await lab.engine.inspectContainer(container))?.id, before?.id, 'the same settings leave it alone');
    const other = lab.makeProxy({ workers: 1 });
    await other.ensure();
    assert.notEqual((await lab.engine.inspectContainer(container))?.id, before?.id);
    assert.equal((await other.status()).workers, 1);
    assert.equal(await status('one.test'), 200);
  });

  test('a taken port is named, with who has it', async () => {
    const squat = async () => {
      const squatter = createServer().listen(httpsPort, '127.0.0.1');
      await once(squatter, 'listening');
      await assert.rejects(lab.proxy.ensure(), (error) => {
        assert.ok(error instanceof ProblemError);
        assert.deepEqual([error.problem.code, error.problem.object], ['port_taken', `port ${httpsPort}`]);
        assert.match(error.problem.why, new RegExp(`Process ${process.pid} `));
        return true;
      });
      squatter.close();
      await once(squatter, 'close');
    };
    await lab.engine.stopContainer(container, 5);
    await squat();
    // One that was there before is left to the engine to start over and over: it needs no companion when the port is free.
    assert.match((await lab.engine.inspectContainer(container))?.state ?? '', /running|restarting/);
    await untilServing();
    await lab.proxy.remove();
    await squat();
    assert.equal(await lab.engine.inspectContainer(container), undefined);
    await lab.proxy.ensure();
    assert.equal((await lab.proxy.status()).running, true);
  });

  test('its files are for their owner only, and the workers are nobody', async () => {
    const certificate = { host: 'shop.test', ...(await makeThrowaway(Date.now())) };
    await lab.proxy.apply({ routes: [], certificates: [certificate], challenges: [] });
    await lab.proxy.apply({ ...routesOnly(routeTo('one.test', [app.address])), certificates: [certificate] });
    const mode = async (file: string) => ((await stat(path.join(lab.home, 'proxy', file))).mode & 0o777).toString(8);
    assert.deepEqual([await mode('state'), await mode('run'), await mode('state/snapshot')], ['700', '700', '600']);
    assert.equal(await mode(path.relative(path.join(lab.home, 'proxy'), await newestJournal(state('')))), '600');
    assert.deepEqual([await mode('conf/throwaway.key'), await mode('conf/probe.conf')], ['600', '600']);
    const [master = assert.fail()] = await childrenOf(await containerPid());
    const users = await Promise.all((await childrenOf(master)).map((pid) => stat(`/proc/${pid}`)));
    assert.deepEqual(
      users.map(({ uid }) => uid),
      [65_534, 65_534],
    );
    const log: string[] = [];
    for await (const { text } of lab.engine.logs(container, { tail: 100 })) log.push(text);
    assert.doesNotMatch(log.join('\n'), /PRIVATE KEY|alert|emerg|error/);
  });
});

/** SHA-256 of the certificate that a fresh handshake for a name is answered with. */
async function servedFingerprint(servername: string): Promise<string> {
  const socket: TLSSocket = connectTls({ host: '127.0.0.1', port: httpsPort, servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

/** Process ids as this machine sees them. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

async function newestJournal(folder: string): Promise<string> {
  const files = (await readdir(folder)).filter((file) => file.startsWith('journal.'));
  const times = await Promise.all(
    files.map(async (file) => ({ file, at: (await stat(path.join(folder, file))).mtimeMs })),
  );
  const newest = times.sort((a, b) => b.at - a.at)[0];
  return newest ? path.join(folder, newest.file) : assert.fail('there is no journal');
}
