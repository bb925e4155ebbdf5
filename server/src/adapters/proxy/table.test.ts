import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { ProxyCertificate, ProxyRoute, ProxyTable } from './contract.ts';
import { prepareTable, tableDelta, tableHash, tableLines, validateTable } from './table.ts';
import { makeThrowaway } from './throwaway.ts';

let certificate: ProxyCertificate;
let otherCertificate: ProxyCertificate;

before(async () => {
  certificate = { host: 'shop.test', ...(await makeThrowaway(Date.now())) };
  otherCertificate = { host: 'blog.test', ...(await makeThrowaway(Date.now())) };
});

function route(change: Partial<ProxyRoute> = {}): ProxyRoute {
  return {
    host: 'shop.test',
    path: '/',
    app: 'shop',
    targets: [{ address: '10.1.2.3:80', weight: 1, release: 1 }],
    maxBodyBytes: 1_000_000,
    timeoutMs: 60_000,
    tls: 'redirect',
    ...change,
  };
}

function target(address: string, weight = 1, release = 1) {
  return { targets: [{ address, weight, release }] };
}

function table(routes: ProxyRoute[], certificates: ProxyCertificate[] = []): ProxyTable {
  return { routes, certificates, challenges: [] };
}

test('a good table is taken whole', () => {
  const good = table(
    [
      route(),
      route({ path: '/api/v1' }),
      route({ host: '*.shop.test' }),
      route({ host: 'xn--bcher-kva.example', ...target('[fd00::1]:8080', 0) }),
      route({ host: 'localhost', targets: [] }),
    ],
    [certificate],
  );
  good.challenges.push({ token: 'a-B_9', keyAuthorization: 'a-B_9.key' });
  assert.deepEqual(validateTable(good), []);
});

test('each bad entry is named with its reason, and the others are taken', () => {
  const bad: [Partial<ProxyRoute>, RegExp][] = [
    [{ host: 'Shop.test' }, /not a host name/],
    [{ host: 'evil.com;' }, /not a host name/],
    [{ host: 'a..b' }, /not a host name/],
    [{ host: '*.*.b' }, /not a host name/],
    [{ host: `${'a'.repeat(64)}.test` }, /not a host name/],
    [{ host: 'shop.test\nx' }, /not a host name/],
    [{ path: 'api' }, /path/],
    [{ path: '/api/' }, /path/],
    [{ path: '/a b' }, /path/],
    [{ app: 'Shop' }, /not the name of an app/],
    [{ maxBodyBytes: -1 }, /largest body/],
    [{ timeoutMs: 0 }, /time-out/],
    [{ timeoutMs: Number.NaN }, /time-out/],
    [target('10.1.2.3'), /not address:port/],
    [target('10.1.2.300:80'), /not address:port/],
    [target('app:80'), /not address:port/],
    [target('10.1.2.3:70000'), /not address:port/],
    [target('10.1.2.3:80', -1), /weight/],
    [target('10.1.2.3:80', 1, Number.POSITIVE_INFINITY), /release/],
  ];
  for (const [change, reason] of bad) {
    const prepared = prepareTable(table([route({ host: 'fine.test' }), route(change)]));
    assert.deepEqual([...prepared.entries.keys()], ['route fine.test /'], JSON.stringify(change));
    assert.equal(prepared.refused.length, 1);
    assert.match(prepared.refused[0]?.why ?? '', reason);
    assert.equal(prepared.refused[0]?.host, change.host ?? 'shop.test');
  }
});

test('certificates are refused when they are broken or their key is another’s, and the key is not quoted', () => {
  const cases: [Partial<ProxyCertificate>, RegExp][] = [
    [{ certificatePem: 'nonsense' }, /readable PEM/],
    [{ keyPem: certificate.keyPem.slice(0, 80) }, /readable PEM/],
    [{ keyPem: otherCertificate.keyPem }, /do not belong together/],
  ];
  for (const [change, reason] of cases) {
    const [refusal, ...more] = validateTable(table([], [otherCertificate, { ...certificate, ...change }]));
    assert.deepEqual(more, []);
    assert.equal(refusal?.host, 'shop.test');
    assert.match(refusal?.why ?? '', reason);
    assert.doesNotMatch(JSON.stringify(refusal), /PRIVATE|MIG/);
  }
});

test('the second of two entries for one place is refused', () => {
  const [refusal, ...more] = validateTable(
    table([route(), route({ app: 'thief' }), route({ path: '/x', app: 'thief' })]),
  );
  assert.deepEqual(more, []);
  assert.deepEqual(refusal, { host: 'shop.test', why: '/ is already routed to app shop' });
});

test('the hash is the same for the same entries in any order, and for no other table', () => {
  const one = route();
  const two = route({ host: 'blog.test', app: 'blog' });
  const hash = tableHash(table([one, two], [certificate]));
  assert.equal(tableHash(structuredClone(table([two, one], [certificate]))), hash);
  const others = [
    table([one, two]),
    table([one], [certificate]),
    table([one, { ...two, tls: 'off' }], [certificate]),
    table([one, { ...two, ...target('10.1.2.3:80', 2) }], [certificate]),
    table([one, { ...two, ...target('10.1.2.3:80', 1, 2) }], [certificate]),
    table([one, two], [{ ...certificate, host: 'other.test' }]),
    table([one, two, two], [certificate]),
    table([one, two, two, two], [certificate]),
  ];
  const hashes = new Set([hash, ...others.map(tableHash)]);
  assert.equal(hashes.size, others.length + 1);
});

test('the hash does not depend on whether a table was prepared from another', () => {
  const first = prepareTable(table([route(), route({ host: 'blog.test' })], [certificate]));
  const changed = table([route({ ...target('10.1.2.4:80') }), route({ host: 'new.test' })], [otherCertificate]);
  assert.equal(prepareTable(changed, first).hash, tableHash(changed));
});

test('a delta holds what changed and nothing else', () => {
  const before = prepareTable(
    table([route(), route({ host: 'blog.test' }), route({ host: 'gone.test' })], [certificate]),
  );
  const after = prepareTable(
    table(
      [route({ ...target('10.1.2.4:80') }), route({ host: 'blog.test' }), route({ host: 'new.test' })],
      [certificate],
    ),
    before,
  );
  const lines = tableDelta(before, after).map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map((line) => line.host ?? line.key),
    ['shop.test', 'new.test', 'route gone.test /'],
  );
  assert.equal(lines[0].targets[0].address, '10.1.2.4:80');
  assert.deepEqual(lines[2], { kind: 'delete', key: 'route gone.test /' });
  assert.deepEqual(tableDelta(after, prepareTable(structuredClone(table([], [])), after)).length, 4);
});

test('a table that its owner changed in place is seen as changed', () => {
  const mutable = table([route()]);
  const before = prepareTable(mutable);
  (mutable.routes[0] as ProxyRoute).targets[0] = { address: '10.9.9.9:80', weight: 1, release: 2 };
  const after = prepareTable(mutable, before);
  assert.notEqual(after.hash, before.hash);
  assert.equal(tableDelta(before, after).length, 1);
});

test('a bad entry keeps what the proxy has for it, and a removed one takes that away', () => {
  const good = prepareTable(table([route(), route({ host: 'blog.test' })]));
  const bad = prepareTable(table([route({ timeoutMs: 0 }), route({ host: 'blog.test' })]), good);
  assert.deepEqual(tableDelta(good, bad), []);
  assert.ok(tableLines(bad).includes('{"kind":"keep","key":"route shop.test /"}'));
  const gone = prepareTable(table([route({ host: 'blog.test' })]), bad);
  assert.deepEqual(tableDelta(bad, gone), ['{"kind":"delete","key":"route shop.test /"}']);
  const repaired = prepareTable(table([route(), route({ host: 'blog.test' })]), bad);
  assert.equal(tableDelta(bad, repaired).length, 1);
});
