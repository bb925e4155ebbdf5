/** What visitors meet at the real proxy: limits, streams, upgrades, forged headers, failing targets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { unheardOf } from '../../server/src/adapters/proxy/config.ts';
import { comesTo, routesOnly, routeTo } from '../../server/src/adapters/proxy/conformance.ts';
import { makeThrowaway } from '../../server/src/adapters/proxy/throwaway.ts';
import {
  type App,
  ask,
  deadAddress,
  httpPort,
  httpsPort,
  type Lab,
  raw,
  readAll,
  startApp,
  startLab,
} from './proxy-lab.ts';

describe('proxy traffic', () => {
  let lab: Lab;
  const apps: App[] = [];
  const start = async (...given: Parameters<typeof startApp>) => {
    const app = await startApp(...given);
    apps.push(app);
    return app;
  };
  before(async () => {
    lab = await startLab({ requestsPerApp: 4 });
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
  });
  after(() => lab?.close());

  test('a visitor can’t forge who they are or how they came', async () => {
    const app = await start();
    await lab.proxy.apply(routesOnly(routeTo('shop.test', [app.address])));
    const evil = '6.6.6.6';
    const told = ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Port', 'X-Real-IP'];
    const ours = ['X-Minicloud-Probe', 'X-Minicloud-Target'];
    const forged = [...told, ...ours, ...unheardOf];
    for (const name of mustNotBeForged) assert.ok(forged.includes(name), `${name} is in no table`);
    // As they are, in other letters, and with the other character that CGI programs read as the same.
    const spellings = [...forged, ...forged.map((name) => name.toUpperCase()), ...forged.map(underscored)];
    for (const scheme of ['http', 'https'] as const) {
      for (const part of parts(spellings, 40)) {
        const headers = { 'x-of-my-own': 'kept', ...Object.fromEntries(part.map((name) => [name, evil])) };
        const answer = await ask({ scheme, host: 'shop.test', headers });
        const { connection: _, ...seen } = JSON.parse(answer.text).headers;
        const host = `shop.test:${scheme === 'http' ? httpPort : httpsPort}`;
        assert.deepEqual(seen, {
          host,
          'x-forwarded-for': '127.0.0.1',
          'x-forwarded-proto': scheme,
          'x-forwarded-host': host,
          'x-forwarded-port': host.split(':')[1],
          'x-real-ip': '127.0.0.1',
          'x-of-my-own': 'kept',
        });
      }
    }
  });

  test('the proxy does not say what it is, and its pages name the app and escape nothing into HTML', async () => {
    await lab.proxy.apply(routesOnly(routeTo('shop.test', [await deadAddress()], { app: 'guestbook' })));
    const failed = await ask({ host: 'shop.test' });
    assert.equal(failed.status, 502);
    assert.match(failed.text, /guestbook/);
    assert.match(String(failed.headers['content-type']), /text\/html/);
    assert.doesNotMatch(failed.text + JSON.stringify(failed.headers), /nginx\/|openresty\/|lua|127\.0\.0\.1/i);
    assert.equal(failed.headers['x-minicloud-answered'], undefined);
  });

  test('a body larger than the route takes is 413, whether it says its length or not', async () => {
    const app = await start();
    const limit = 1024 * 1024;
    await lab.proxy.apply(routesOnly(routeTo('shop.test', [app.address], { maxBodyBytes: limit })));
    const post = (size: number, headers: Record<string, string> = {}) =>
      ask({ host: 'shop.test', method: 'POST', headers, body: Buffer.alloc(size, 'x') });
    assert.equal((await post(limit)).status, 200);
    assert.equal((await post(limit + 1, { 'content-length': String(limit + 1) })).status, 413);
    assert.equal(app.hits, 1);
    assert.equal((await sendChunked(limit / 2)).status, 200);
    const { status } = await sendChunked(3 * limit);
    assert.equal(status, 413);
  });

  test('a request that does not say its length meets what every other does: pages, counts, a pause to be asked for more', async () => {
    const app = await start();
    await lab.proxy.apply(routesOnly(routeTo('shop.test', [await deadAddress()], { app: 'upload' })));
    assert.equal((await sendChunked(1_000)).status, 502);
    await comesTo([{ requests: 1, errors: 1, active: 0 }], async () =>
      (await lab.proxy.counters())
        .filter((counter) => counter.app === 'upload' && counter.requests > 0)
        .map(({ requests, errors, active }) => ({ requests, errors, active })),
    );
    await lab.proxy.apply(routesOnly(routeTo('shop.test', [app.address])));
    const asked = await raw(
      'POST /waits HTTP/1.1\r\nHost: shop.test\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    );
    assert.match(asked, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
    const large = await ask({ host: 'shop.test', method: 'POST', headers: { 'content-length': '2' }, body: '{}' });
    assert.equal(large.status, 200);
  });

  test('no status of an app is taken for one that the proxy uses inside', async () => {
    for (const code of [477, 500, 502, 504]) {
      const app = await start((_, response) => response.writeHead(code).end('mine'));
      await lab.proxy.apply(routesOnly(routeTo('shop.test', [app.address])));
      const { status, text } = await ask({ host: 'shop.test' });
      assert.deepEqual([status, text], [code, 'mine']);
    }
  });

  test('an app that is silent for longer than its route allows is 504, and is not asked again elsewhere', async () => {
    const silent = await start(() => {});
    const other = await start(() => {});
    await lab.proxy.apply(
      routesOnly(routeTo('shop.test', [silent.address, other.address], { app: 'slow', timeoutMs: 400 })),
    );
    const answer = await ask({ host: 'shop.test' });
    assert.equal(answer.status, 504);
    assert.match(answer.text, /too long/);
    assert.equal(silent.hits + other.hits, 1);
    await comesTo([{ requests: 1, errors: 1, active: 0 }], async () =>
      (await lab.proxy.counters())
        .filter(({ app }) => app === 'slow')
        .map(({ requests, errors, active }) => ({ requests, errors, active })),
    );
  });

  test('no header of an app sends a request through the proxy again, and none is counted twice', async () => {
    const app = await start((request, response) => {
      const [, way = ''] = /^\/to=(.*)$/.exec(request.url ?? '') ?? [];
      if (way) response.setHeader('x-accel-redirect', decodeURIComponent(way));
      response.end(request.url);
    });
    await lab.proxy.apply(routesOnly(routeTo('shop.test', [app.address], { app: 'sender' })));
    const ways = ['/elsewhere', '@websocket', '@body_65536', '@failed', '@probe'];
    for (const way of ways) {
      const path = `/to=${encodeURIComponent(way)}`;
      assert.equal((await ask({ host: 'shop.test', path })).text, path, way);
    }
    assert.equal(app.hits, ways.length);
    await comesTo([{ requests: ways.length, errors: 0, active: 0 }], async () =>
      (await lab.proxy.counters())
        .filter((counter) => counter.app === 'sender' && counter.requests > 0)
        .map(({ requests, errors, active }) => ({ requests, errors, active })),
    );
  });

  test('who only says WebSocket gets no more time than others', async () => {
    const silent = await start(() => {});
    await lab.proxy.apply(routesOnly(routeTo('shop.test', [silent.address], { timeoutMs: 400 })));
    const headers = { connection: 'upgrade', upgrade: 'websocket' };
    const answer = await ask({
      host: 'shop.test',
      method: 'POST',
      headers: { ...headers, 'content-length': '2' },
      body: '{}',
    });
    assert.equal(answer.status, 504);
  });

  test('a target that can’t be reached costs no request while another can', async () => {
    const app = await start();
    const dead = await deadAddress();
    const targets = [app.address, dead].map((address, index) => ({ address, weight: 1, release: index + 40 }));
    await lab.proxy.apply(routesOnly(routeTo('shop.test', targets, { app: 'retried' })));
    for (let i = 0; i < 30; i += 1) {
      const answer = await ask({ host: 'shop.test', method: i % 2 ? 'POST' : 'GET', body: i % 2 ? 'once' : undefined });
      assert.equal(answer.status, 200);
    }
    assert.equal(app.hits, 30);
    const counterOf = async (wanted: number) =>
      (await lab.proxy.counters()).find(({ app, release }) => app === 'retried' && release === wanted);
    await comesTo([30, 0], async () => {
      const counter = await counterOf(40);
      return [counter?.requests, counter?.errors];
    });
    assert.ok(((await counterOf(41))?.errors ?? 0) >= 1, 'the failed connections are counted');
  });

  test('what was sent and is not harmless to repeat is never sent again', async () => {
    const hangUp = (request: { socket: { destroy(): void } }) => request.socket.destroy();
    const one = await start((request) => hangUp(request));
    const two = await start((request) => hangUp(request));
    await lab.proxy.apply(routesOnly(routeTo('shop.test', [one.address, two.address])));
    for (const body of ['pay', undefined]) {
      one.hits = 0;
      two.hits = 0;
      assert.equal((await ask({ host: 'shop.test', method: 'POST', body })).status, 502);
      assert.equal(one.hits + two.hits, 1);
    }
  });

  test('a WebSocket goes through and is not cut for being silent', async () => {
    const app = await start();
    const sockets = new WebSocketServer({ server: app.server });
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)));
    await lab.proxy.apply(routesOnly(routeTo('shop.test', [app.address], { timeoutMs: 300 })));
    const socket = new WebSocket(`ws://127.0.0.1:${httpPort}/chat`, { headers: { host: 'shop.test' } });
    await once(socket, 'open');
    for (const text of ['one', 'two']) {
      const answered = once(socket, 'message');
      socket.send(text);
      assert.equal(String((await answered)[0]), `echo ${text}`);
      await wait(1_000);
    }
    assert.equal(socket.readyState, WebSocket.OPEN);
    // An open WebSocket is under way.
    await comesTo(1, async () => (await lab.proxy.counters()).reduce((sum, counter) => sum + counter.active, 0));
    socket.close();
    await once(socket, 'close');
    sockets.close();
  });

  test('nothing but a WebSocket may upgrade', async () => {
    const app = await start();
    await lab.proxy.apply(routesOnly(routeTo('shop.test', [app.address])));
    const headers = { upgrade: 'h2c', connection: 'upgrade, http2-settings', 'http2-settings': 'AAMAAABkAAQAAP__' };
    const seen = JSON.parse((await ask({ host: 'shop.test', headers })).text).headers;
    assert.equal(seen.upgrade, undefined);
    assert.doesNotMatch(String(seen.connection), /upgrade/i);
  });

  test('events arrive as they are sent', async () => {
    const responses: ServerResponse[] = [];
    const app = await start((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 0\n\n');
      responses.push(response);
    });
    await lab.proxy.apply(routesOnly(routeTo('shop.test', [app.address])));
    const sent = request({ host: '127.0.0.1', port: httpPort, headers: { host: 'shop.test' } }).end();
    const [response] = await once(sent, 'response');
    for (let event = 0; event < 5; event += 1) {
      const [text] = await once(response, 'data');
      assert.equal(String(text), `data: ${event}\n\n`);
      // The next is not sent before this one has arrived.
      responses[0]?.write(`data: ${event + 1}\n\n`);
    }
    response.destroy();
  });

  test('an upload of 100 MB streams to the app', async () => {
    const size = 100 * 1024 * 1024;
    let firstBytes = () => {};
    const started = new Promise<void>((resolve) => {
      firstBytes = resolve;
    });
    const app = await start(async (request, response) => {
      let received = 0;
      for await (const part of request) {
        received += part.length;
        firstBytes();
      }
      response.end(String(received));
    });
    await lab.proxy.apply(routesOnly(routeTo('shop.test', [app.address], { maxBodyBytes: size })));
    const headers = { host: 'shop.test', 'content-length': String(size) };
    const sent = request({ host: '127.0.0.1', port: httpPort, method: 'PUT', headers });
    const piece = Buffer.alloc(1024 * 1024, 'x');
    sent.write(piece);
    await started;
    for (let i = 1; i < 100; i += 1) {
      if (!sent.write(piece)) await once(sent, 'drain');
    }
    sent.end();
    const [response] = await once(sent, 'response');
    assert.equal(await readAll(response), String(size));
  });

  test('HTTP/2 works, with its limits', async () => {
    const app = await start();
    const certificate = { host: 'shop.test', ...(await makeThrowaway(Date.now())) };
    const routes = [routeTo('shop.test', [app.address], { maxBodyBytes: 1024 * 1024 })];
    await lab.proxy.apply({ routes, certificates: [certificate], challenges: [] });
    const session = connectHttp2(`https://127.0.0.1:${httpsPort}`, {
      servername: 'shop.test',
      rejectUnauthorized: false,
    });
    const exchange = async (headers: Record<string, string>, body?: Buffer) => {
      const stream = session.request({ ':authority': 'shop.test', ':path': '/', ...headers }, { endStream: !body });
      const answered = once(stream, 'response');
      // The proxy answers before it has read all of what is too large.
      stream.on('error', () => {});
      if (body) stream.end(body);
      const [head] = await answered;
      return { status: head[':status'], text: await readAll(stream).catch(() => '') };
    };
    const answers = await Promise.all(Array.from({ length: 4 }, () => exchange({ ':method': 'GET' })));
    for (const { status, text } of answers) {
      assert.equal(status, 200);
      assert.equal(JSON.parse(text).headers.host, `shop.test:${httpsPort}`);
    }
    assert.equal((await exchange({ ':method': 'POST' }, Buffer.from('small'))).status, 200);
    assert.equal((await exchange({ ':method': 'POST' }, Buffer.alloc(4 * 1024 * 1024))).status, 413);
    // Nothing announces that these have a body.
    assert.equal((await exchange({ ':method': 'GET' }, Buffer.from('small'))).status, 200);
    assert.equal((await exchange({ ':method': 'GET' }, Buffer.alloc(4 * 1024 * 1024))).status, 413);
    session.close();
  });

  test('one app’s crowd is turned away without touching another app', async () => {
    const held: { end(): void }[] = [];
    const crowded = await start((_, response) => held.push(response));
    const calm = await start();
    await lab.proxy.apply(
      routesOnly(
        routeTo('crowd.test', [crowded.address], { app: 'crowd' }),
        routeTo('calm.test', [calm.address], { app: 'calm' }),
      ),
    );
    // Four are let through by each of two workers.
    const asked = Array.from({ length: 24 }, () => ask({ host: 'crowd.test' }));
    while (held.length < 4) await wait(20);
    for (let i = 0; i < 5; i += 1) assert.equal((await ask({ host: 'calm.test' })).status, 200);
    await wait(300);
    assert.ok(held.length <= 8, `${held.length} were let through`);
    const active = async () => (await lab.proxy.counters()).find(({ app }) => app === 'crowd')?.active;
    await comesTo(held.length, active);
    for (const response of held) response.end();
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    assert.deepEqual([...new Set(statuses)].sort(), [200, 503]);
    await comesTo(0, active);
  });

  test('requests that servers could understand differently are refused', async () => {
    const app = await start();
    await lab.proxy.apply(routesOnly(routeTo('shop.test', [app.address])));
    const bad = [
      'POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde',
      'POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: shop.test\r\nHost: other.test\r\n\r\n',
      'GET / HTTP/1.1\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: shop.test\r\nX : y\r\n\r\n',
    ];
    for (const text of bad) {
      const answer = await raw(text.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
      assert.match(answer, /^HTTP\/1\.1 (400|501) /, text);
    }
    assert.equal(app.hits, 0);
    const absolute = await raw('GET http://shop.test/ HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n');
    assert.match(absolute, /"host":"shop.test/, 'the name that the route was chosen by is the one that the app sees');
  });

  test('who sends a header a byte at a time is hung up on', async () => {
    const socket = connect(httpPort, '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => {});
    const started = performance.now();
    socket.write('GET / HTTP/1.1\r\nHost: shop.test\r\n');
    const drip = setInterval(() => socket.write('a'), 500);
    socket.resume();
    // A reset counts as well as an end.
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drip);
    assert.ok(performance.now() - started < 40_000);
  });
});

/** Every name that somebody once believed; the table in `config.ts` may hold more. */
const mustNotBeForged = [
  ...['Forwarded', 'Proxy', 'X-Real-IP', 'X-Client-IP', 'X-Cluster-Client-IP', 'X-Rewrite-URL', 'X-Original-URL'],
  ...['For', 'Host', 'Port', 'Proto', 'Scheme', 'Ssl', 'Prefix', 'Server'].map((name) => `X-Forwarded-${name}`),
  ...['True-Client-IP', 'CF-Connecting-IP', 'Fastly-Client-IP'],
  ...['For', 'Host', 'Method', 'URI'].map((name) => `X-Original-${name}`),
];

const underscored = (name: string) => name.replaceAll('-', '_');

function parts<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));
}

async function sendChunked(size: number): Promise<{ status: number }> {
  const sent = request({ host: '127.0.0.1', port: httpPort, method: 'POST', headers: { host: 'shop.test' } });
  const answered = once(sent, 'response');
  sent.on('error', () => {});
  sent.flushHeaders();
  for (let left = size; left > 0; left -= 65_536) sent.write(Buffer.alloc(Math.min(left, 65_536), 'x'));
  sent.end();
  const [response] = await answered;
  response.resume();
  return { status: response.statusCode };
}
