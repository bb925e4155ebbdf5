/** What every proxy must do, as tests: the comments of `contract.ts`, one by one. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { ProxyCertificate, Proxy as ProxyPort, ProxyRoute, ProxyTable, ProxyTarget } from './contract.ts';
import { tableHash } from './table.ts';
import { makeThrowaway } from './throwaway.ts';

export interface Visit {
  scheme: 'http' | 'https';
  host: string;
  path: string;
}

export interface Visited {
  status: number;
  /** Address of the target that answered; undefined when the proxy answered by itself. */
  target?: string;
  location?: string;
  text?: string;
}

/** A proxy to try, with targets behind it. */
export interface ProxySubject {
  proxy: ProxyPort;
  /** Addresses that answer 200. */
  alive: readonly [string, string, string];
  /** An address where nothing listens. */
  dead: string;
  visit(visit: Visit): Promise<Visited>;
  close(): Promise<void>;
}

/** Registers the tests of the port for one implementation; `make` gives a running proxy. */
export function proxyConformance(name: string, make: () => Promise<ProxySubject>): void {
  describe(`proxy ${name}`, () => {
    let subject: ProxySubject;
    let certificates: { shop: ProxyCertificate; wild: ProxyCertificate };
    before(async () => {
      subject = await make();
      certificates = {
        shop: { host: 'shop.test', ...(await makeThrowaway(Date.now())) },
        wild: { host: '*.wild.test', ...(await makeThrowaway(Date.now())) },
      };
    });
    after(() => subject.close());
    beforeEach(async () => {
      await subject.proxy.apply({ routes: [], certificates: [], challenges: [] });
    });
    routingTests(() => subject);
    certificateTests(
      () => subject,
      () => certificates,
    );
    tableTests(() => subject);
    observationTests(() => subject);
  });
}

/** A route with everything usual in it. */
export function routeTo(host: string, targets: (string | ProxyTarget)[], change: Partial<ProxyRoute> = {}): ProxyRoute {
  return {
    ...{ host, path: '/', app: 'shop', maxBodyBytes: 1_000_000, timeoutMs: 60_000, tls: 'off' },
    targets: targets.map((target) =>
      typeof target === 'string' ? { address: target, weight: 1, release: 1 } : target,
    ),
    ...change,
  };
}

/** A table of routes alone. */
export function routesOnly(...routes: ProxyRoute[]): ProxyTable {
  return { routes, certificates: [], challenges: [] };
}

const http = (host: string, path = '/'): Visit => ({ scheme: 'http', host, path });

function routingTests(get: () => ProxySubject): void {
  test('an exact name wins over a wildcard, which stands for one label', async () => {
    const { proxy, alive, visit } = get();
    await proxy.apply(routesOnly(routeTo('a.shop.test', [alive[0]]), routeTo('*.shop.test', [alive[1]])));
    assert.equal((await visit(http('a.shop.test'))).target, alive[0]);
    assert.equal((await visit(http('b.shop.test'))).target, alive[1]);
    assert.equal((await visit(http('c.b.shop.test'))).status, 421);
    assert.equal((await visit(http('shop.test'))).status, 421);
  });

  test('the longest path wins, and a path ends at a segment', async () => {
    const { proxy, alive, visit } = get();
    await proxy.apply(
      routesOnly(
        routeTo('shop.test', [alive[0]]),
        routeTo('shop.test', [alive[2]], { path: '/api/v2' }),
        routeTo('shop.test', [alive[1]], { path: '/api' }),
        routeTo('part.test', [alive[0]], { path: '/only' }),
      ),
    );
    assert.equal((await visit(http('shop.test', '/'))).target, alive[0]);
    assert.equal((await visit(http('shop.test', '/apis'))).target, alive[0]);
    assert.equal((await visit(http('shop.test', '/api'))).target, alive[1]);
    assert.equal((await visit(http('shop.test', '/api/v1/x'))).target, alive[1]);
    assert.equal((await visit(http('shop.test', '/api/v2/x'))).target, alive[2]);
    const missed = await visit(http('part.test', '/other'));
    assert.deepEqual([missed.status, missed.target], [404, undefined]);
  });

  test('a name that nobody has is 421', async () => {
    const { visit } = get();
    for (const scheme of ['http', 'https'] as const) {
      const met = await visit({ scheme, host: 'nobody.test', path: '/' });
      assert.deepEqual([met.status, met.target], [421, undefined]);
    }
  });

  test('new requests are shared by weight, and weight 0 drains', async () => {
    const { proxy, alive, visit } = get();
    const weighted = (...weights: number[]) =>
      routesOnly(
        routeTo(
          'shop.test',
          weights.map((weight, index) => ({ address: alive[index] ?? '', weight, release: index + 1 })),
        ),
      );
    const share = async (count: number) => {
      const hits = new Map<string, number>();
      for (let i = 0; i < count; i += 1) {
        const { target = 'none' } = await visit(http('shop.test'));
        hits.set(target, (hits.get(target) ?? 0) + 1);
      }
      return alive.map((address) => hits.get(address) ?? 0);
    };
    await proxy.apply(weighted(3, 1, 0));
    const [first = 0, second = 0, third] = await share(120);
    // Each worker keeps its own turn, so the shares are near and not exact.
    assert.ok(first > 75 && first < 105, `${first} of 120 for three quarters`);
    assert.equal(first + second, 120);
    assert.equal(third, 0);
    await proxy.apply(weighted(0, 0, 1));
    assert.deepEqual(await share(12), [0, 0, 12]);
    await proxy.apply(weighted(0, 0, 0));
    assert.equal((await visit(http('shop.test'))).status, 503);
  });

  test('an ACME challenge is answered on any name over http', async () => {
    const { proxy, alive, visit } = get();
    const routes = [routeTo('shop.test', [alive[0]])];
    await proxy.apply({
      routes,
      certificates: [],
      challenges: [{ token: 'tok_en-1', keyAuthorization: 'tok_en-1.thumb' }],
    });
    for (const host of ['shop.test', 'nobody.test']) {
      const met = await visit(http(host, '/.well-known/acme-challenge/tok_en-1'));
      assert.deepEqual([met.status, met.text], [200, 'tok_en-1.thumb']);
    }
    assert.equal((await visit(http('shop.test', '/.well-known/acme-challenge/other'))).target, alive[0]);
    await proxy.apply(routesOnly(...routes));
    assert.equal((await visit(http('nobody.test', '/.well-known/acme-challenge/tok_en-1'))).status, 421);
  });
}

function certificateTests(
  get: () => ProxySubject,
  certificates: () => { shop: ProxyCertificate; wild: ProxyCertificate },
) {
  test('http redirects only when the route says so and its host has a certificate', async () => {
    const { proxy, alive, visit } = get();
    const { shop, wild } = certificates();
    const routes = [
      routeTo('shop.test', [alive[0]], { tls: 'redirect' }),
      routeTo('a.wild.test', [alive[0]], { tls: 'redirect' }),
      routeTo('bare.test', [alive[0]], { tls: 'redirect' }),
      routeTo('b.wild.test', [alive[0]], { tls: 'off' }),
    ];
    await proxy.apply({ routes, certificates: [shop, wild], challenges: [] });
    const port = proxy.httpsPort === 443 ? '' : `:${proxy.httpsPort}`;
    for (const host of ['shop.test', 'a.wild.test']) {
      const met = await visit(http(host, '/cart?id=1'));
      assert.deepEqual([met.status, met.location], [308, `https://${host}${port}/cart?id=1`]);
      assert.equal((await visit({ scheme: 'https', host, path: '/' })).target, alive[0]);
    }
    assert.equal((await visit(http('bare.test'))).target, alive[0]);
    assert.equal((await visit(http('b.wild.test'))).target, alive[0]);
    await proxy.apply({ routes, certificates: [wild], challenges: [] });
    assert.equal((await visit(http('shop.test'))).target, alive[0], 'the certificate is gone, and so is the redirect');
    await proxy.apply({ routes, certificates: [shop], challenges: [] });
    assert.equal((await visit(http('a.wild.test'))).target, alive[0]);
    assert.equal((await visit(http('shop.test'))).status, 308);
  });
}

function tableTests(get: () => ProxySubject): void {
  test('the table is the whole truth: what is not in the next one is gone', async () => {
    const { proxy, alive, visit } = get();
    await proxy.apply(routesOnly(routeTo('a.test', [alive[0]]), routeTo('b.test', [alive[0]])));
    await proxy.apply(routesOnly(routeTo('b.test', [alive[1]]), routeTo('c.test', [alive[2]])));
    assert.equal((await visit(http('a.test'))).status, 421);
    assert.equal((await visit(http('b.test'))).target, alive[1]);
    assert.equal((await visit(http('c.test'))).target, alive[2]);
  });

  test('status tells the hash of what was applied and counts what is served', async () => {
    const { proxy, alive } = get();
    const table = routesOnly(routeTo('a.test', [alive[0]]), routeTo('a.test', [alive[0]], { path: '/x' }));
    await proxy.apply(table);
    const status = await proxy.status();
    assert.equal(status.hash, tableHash(table));
    assert.deepEqual([status.running, status.routes, status.certificates], [true, 2, 0]);
    assert.ok(status.workers >= 1);
    assert.deepEqual(status.warnings, []);
  });

  test('a bad entry is refused by name, leaves what was there and breaks no other', async () => {
    const { proxy, alive, visit } = get();
    const good = routeTo('good.test', [alive[0]], { app: 'good' });
    const fine = routeTo('bad.test', [alive[1]], { app: 'bad' });
    await proxy.apply(routesOnly(good, fine));
    const bad = { ...fine, targets: [{ address: 'nowhere', weight: 1, release: 2 }] };
    const broken = { ...good, host: 'broken..test' };
    const table = routesOnly(bad, broken, { ...good, targets: [{ address: alive[2], weight: 1, release: 2 }] });
    const { refused } = await proxy.apply(table);
    assert.deepEqual(refused.map(({ host }) => host).sort(), ['bad.test', 'broken..test']);
    for (const { why } of refused) assert.ok(why.length > 10);
    assert.equal((await visit(http('good.test'))).target, alive[2]);
    assert.equal((await visit(http('bad.test'))).target, alive[1], 'the last good one still serves');
    const status = await proxy.status();
    assert.equal(status.hash, tableHash(table));
    assert.equal(status.warnings.length, 2);
    await proxy.apply(routesOnly(good));
    assert.equal((await visit(http('bad.test'))).status, 421);
  });

  test('a certificate that does not fit its key is refused by name', async () => {
    const { proxy } = get();
    const [one, two] = [await makeThrowaway(Date.now()), await makeThrowaway(Date.now())];
    const mixed = { host: 'shop.test', certificatePem: one.certificatePem, keyPem: two.keyPem };
    const { refused } = await proxy.apply({ routes: [], certificates: [mixed], challenges: [] });
    assert.deepEqual(
      refused.map(({ host }) => host),
      ['shop.test'],
    );
    assert.equal((await proxy.status()).certificates, 0);
  });

  test('applying the same again changes nothing, and ensure leaves a running proxy alone', async () => {
    const { proxy, alive, visit } = get();
    const table = routesOnly(routeTo('a.test', [alive[0]]));
    await proxy.apply(table);
    await proxy.ensure();
    assert.deepEqual(await proxy.apply(structuredClone(table)), { refused: [] });
    assert.equal((await visit(http('a.test'))).target, alive[0]);
  });

  test('changes asked for at once are made one after the other', async () => {
    const { proxy, alive, visit } = get();
    const tables = alive.map((address) => routesOnly(routeTo('a.test', [address])));
    await Promise.all(tables.map((table) => proxy.apply(table)));
    assert.equal((await visit(http('a.test'))).target, alive[2]);
  });
}

function observationTests(get: () => ProxySubject): void {
  test('requests are counted per app and release', async () => {
    const { proxy, alive, visit } = get();
    await proxy.apply(
      routesOnly(
        routeTo('a.test', [{ address: alive[0], weight: 1, release: 7 }], { app: 'counted' }),
        routeTo('b.test', [{ address: alive[1], weight: 1, release: 8 }], { app: 'counted' }),
      ),
    );
    for (let i = 0; i < 5; i += 1) await visit(http('a.test'));
    await visit(http('b.test'));
    const counted = async () => (await proxy.counters()).filter(({ app }) => app === 'counted');
    await comesTo({ 7: 5, 8: 1 }, async () =>
      Object.fromEntries((await counted()).map((counter) => [counter.release, counter.requests])),
    );
    for (const counter of await counted()) {
      assert.equal(counter.errors, 0);
      assert.equal(counter.active, 0);
      const measured = counter.latency.reduce((sum, count) => sum + count, 0);
      assert.equal(measured, counter.requests);
    }
  });

  test('and per route, over all releases', async () => {
    const { proxy, alive, visit } = get();
    const routes = (release: number) =>
      routesOnly(
        routeTo('r.test', [{ address: alive[0], weight: 1, release }], { app: 'routed' }),
        routeTo('r.test', [{ address: alive[1], weight: 1, release }], { app: 'routed', path: '/api' }),
        routeTo('*.r.test', [{ address: alive[2], weight: 1, release }], { app: 'routed' }),
        routeTo('silent.test', [{ address: alive[2], weight: 1, release }], { app: 'routed' }),
      );
    await proxy.apply(routes(1));
    for (let i = 0; i < 3; i += 1) await visit(http('r.test'));
    await visit({ ...http('r.test'), path: '/api/items' });
    await proxy.apply(routes(2));
    await visit(http('r.test'));
    await visit(http('any.r.test'));
    const counted = async () => (await proxy.routeCounters()).filter(({ app }) => app === 'routed');
    await comesTo({ 'r.test/': 4, 'r.test/api': 1, '*.r.test/': 1 }, async () =>
      Object.fromEntries((await counted()).map(({ host, path, requests }) => [`${host}${path}`, requests])),
    );
    for (const counter of await counted()) {
      assert.equal(counter.errors, 0);
      assert.equal(
        counter.latency.reduce((sum, count) => sum + count, 0),
        counter.requests,
      );
    }
  });

  test('a probe reaches the target that it asks for, a drained one too, and is not counted', async () => {
    const { proxy, alive } = get();
    const targets = alive.map((address, index) => ({ address, weight: index === 0 ? 1 : 0, release: 1 }));
    await proxy.apply(routesOnly(routeTo('probe.test', targets, { app: 'probed' })));
    for (const address of alive) {
      const answer = await proxy.probe({ host: 'probe.test', path: '/', address, timeoutMs: 5_000 });
      assert.deepEqual(answer, { status: 200, address, fromProxy: false, error: '' });
    }
    const free = await proxy.probe({ host: 'probe.test', path: '/', timeoutMs: 5_000 });
    assert.deepEqual([free.status, free.address], [200, alive[0]]);
    const counted = (await proxy.counters()).find(({ app }) => app === 'probed');
    assert.equal(counted?.requests ?? 0, 0);
  });

  test('a probe tells the proxy’s own answers from the app’s', async () => {
    const { proxy, alive, dead } = get();
    await proxy.apply(routesOnly(routeTo('probe.test', [alive[0], dead])));
    const atDead = await proxy.probe({ host: 'probe.test', path: '/', address: dead, timeoutMs: 5_000 });
    assert.deepEqual([atDead.status, atDead.fromProxy], [502, true]);
    const stranger = await proxy.probe({ host: 'probe.test', path: '/', address: alive[1], timeoutMs: 5_000 });
    assert.deepEqual([stranger.status, stranger.fromProxy], [502, true], 'not a target of the route');
    const nobody = await proxy.probe({ host: 'nobody.test', path: '/', timeoutMs: 5_000 });
    assert.deepEqual([nobody.status, nobody.fromProxy], [421, true]);
  });
}

/** Reads until it is as expected, for five seconds: a request is counted a moment after its answer has gone. */
export async function comesTo<Value>(expected: Value, read: () => Promise<Value>): Promise<void> {
  const until = performance.now() + 5_000;
  let value = await read();
  while (!isDeepStrictEqual(value, expected) && performance.now() < until) {
    await sleep(20);
    value = await read();
  }
  assert.deepEqual(value, expected);
}
