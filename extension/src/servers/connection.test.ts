import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppSummary } from 'minicloud-shared/model/app';
import type { Event } from 'minicloud-shared/model/event';
import { type Connection, createConnection } from './connection.ts';
import type { EventHandlers, Source } from './source.ts';

const info = {
  version: '0.1.0',
  apiVersion: 1,
  features: ['apps'],
  installation: 'i',
  serverDomain: 'd',
  engine: { kind: 'memory', version: '1', os: 'linux', arch: 'amd64' },
  proxy: { httpPort: 80, httpsPort: 443 },
};
const shop: AppSummary = {
  id: '1',
  name: 'shop',
  kind: 'container',
  environment: 'production',
  state: 'running',
  urls: [],
  createdAt: 0,
  updatedAt: 0,
};
const facts = { complete: true, asOf: 1, serverDomain: 'd', domains: [], apps: [], secrets: {}, features: [] };

interface Fake extends Source {
  streams: EventHandlers[];
  open: number;
  asked: string[];
  error?: unknown;
}

function fakeSource(): Fake {
  const answer =
    <T>(name: string, value: T) =>
    async (): Promise<T> => {
      fake.asked.push(name);
      if (fake.error) throw fake.error;
      return value;
    };
  const fake: Fake = {
    streams: [],
    open: 0,
    asked: [],
    info: answer('info', info),
    apps: answer('apps', [shop]),
    facts: answer('facts', facts),
    releases: answer('releases', []),
    operation: async () => Promise.reject(new Error('not asked here')),
    events(handlers) {
      fake.streams.push(handlers);
      fake.open += 1;
      return () => {
        fake.open -= 1;
      };
    },
  };
  return fake;
}

function connect(source: Source): Connection {
  return createConnection({ source, name: () => 'test', lingerMs: 1, settleMs: 1 });
}

const changedEvent = (id: number): Event => ({ id, at: id, by: 'me', body: { kind: 'app.changed', name: 'shop' } });

async function until(what: () => boolean): Promise<void> {
  for (let left = 500; !what(); left -= 1) {
    assert.ok(left > 0, `never true: ${what}`);
    await sleep(5);
  }
}

test('nothing is asked and no stream is open until somebody holds the connection', async () => {
  const source = fakeSource();
  const connection = connect(source);
  await sleep(5);
  assert.deepEqual([source.open, source.asked, connection.link.state], [0, [], 'idle']);
  const release = connection.hold();
  await connection.ready();
  assert.equal(source.open, 1);
  assert.deepEqual(
    connection.snapshot.apps?.map(({ name }) => name),
    ['shop'],
  );
  release();
  await until(() => source.open === 0);
  assert.equal(connection.link.state, 'idle');
});

test('fifty holds and releases leave one stream while held and none after', async () => {
  const source = fakeSource();
  const connection = connect(source);
  for (let round = 0; round < 50; round += 1) {
    const [first, second] = [connection.hold(), connection.hold()];
    await connection.ready();
    assert.equal(source.open, 1);
    first();
    first();
    second();
    await until(() => source.open === 0);
  }
  assert.equal(source.streams.length, 50);
});

test('a burst of events asks for the apps once', async () => {
  const source = fakeSource();
  const connection = createConnection({ source, name: () => 'test', settleMs: 20 });
  const release = connection.hold();
  await connection.ready();
  source.streams[0]?.open();
  await sleep(1);
  source.asked.length = 0;
  for (let id = 1; id <= 30; id += 1) source.streams[0]?.event(changedEvent(id));
  await until(() => source.asked.includes('apps'));
  await sleep(60);
  assert.equal(source.asked.filter((name) => name === 'apps').length, 1);
  release();
  connection.dispose();
});

test('an unreachable server says why, and is online again when its stream opens', async () => {
  const source = fakeSource();
  source.error = Object.assign(new Error('fetch failed'), { cause: { code: 'ECONNREFUSED' } });
  const connection = connect(source);
  connection.hold();
  await assert.rejects(connection.ready());
  assert.equal(connection.link.state, 'unreachable');
  assert.match('problem' in connection.link ? connection.link.problem.why : '', /Nothing listens/);
  source.error = undefined;
  let online = 0;
  connection.onOnline(() => {
    online += 1;
  });
  source.streams[0]?.open();
  await connection.ready().catch(() => {});
  await until(() => connection.link.state === 'online');
  await until(() => online === 1);
  connection.dispose();
});

test('a refused token closes the stream instead of knocking again', async () => {
  const source = fakeSource();
  source.error = Object.assign(new Error('no'), { data: { httpStatus: 401 } });
  const connection = connect(source);
  connection.hold();
  await assert.rejects(connection.ready());
  assert.deepEqual([connection.link.state, source.open], ['rejected', 0]);
  source.error = undefined;
  connection.retry();
  await connection.ready();
  assert.equal(source.open, 1);
  connection.dispose();
});

test('facts are there only while the server is online', async () => {
  const source = fakeSource();
  const connection = connect(source);
  const release = connection.hold();
  await connection.ready();
  assert.equal(connection.facts?.complete, true);
  source.streams[0]?.lost(new Error('gone'));
  assert.equal(connection.facts, undefined);
  release();
  connection.dispose();
});

test('what was known stays visible while the server is away', async () => {
  const source = fakeSource();
  const connection = connect(source);
  connection.hold();
  await connection.ready();
  source.streams[0]?.lost(new Error('gone'));
  assert.equal(connection.link.state, 'unreachable');
  assert.deepEqual(
    connection.snapshot.apps?.map(({ name }) => name),
    ['shop'],
  );
  connection.dispose();
});
