import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppDetail, AppSummary } from 'minicloud-shared/model/app';
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
const detailOf = (name: string): AppDetail => ({
  ...shop,
  name,
  ...{ replicas: [], bindings: [], volumes: [], domains: [], processes: [], routes: [], activity: [] },
});
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
    detail: (app) => answer(`detail ${app}`, detailOf(app))(),
    proposals: answer('proposals', []),
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

test('who waits for a server that nobody looks at has it asked', { timeout: 5_000 }, async () => {
  const source = fakeSource();
  const connection = connect(source);
  await connection.ready();
  assert.equal(connection.link.state, 'online');
  connection.dispose();
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

test('a stream that the server ends is asked about anew: a token that was revoked is seen at once', async () => {
  const source = fakeSource();
  const connection = connect(source);
  const release = connection.hold();
  await connection.ready();
  source.streams[0]?.closed();
  await until(() => source.streams.length === 2 && connection.link.state === 'online');
  source.error = Object.assign(new Error('no'), { data: { httpStatus: 401 } });
  source.streams[1]?.closed();
  await until(() => connection.link.state === 'rejected');
  assert.equal(source.open, 0);
  release();
  connection.dispose();
});

test('a server that ends every stream is asked ever more rarely, until a stream lived', async (t) => {
  const source = fakeSource();
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const connection = createConnection({ source, name: () => 'test', settleMs: 100 });
  connection.hold();
  await connection.ready();
  /** How long it takes after the end of the stream until there is the next one, milliseconds. */
  const pause = (livedMs: number): number => {
    const { length } = source.streams;
    source.streams.at(-1)?.open();
    t.mock.timers.tick(livedMs);
    source.streams.at(-1)?.closed();
    for (let ms = 100; ms <= 60_000; ms += 100) {
      t.mock.timers.tick(100);
      if (source.streams.length > length) return ms;
    }
    assert.fail('never opened again');
  };
  assert.deepEqual([pause(50), pause(50), pause(50), pause(50)], [100, 200, 400, 800]);
  for (let round = 0; round < 8; round += 1) pause(50);
  assert.equal(pause(50), 30_000);
  assert.deepEqual([pause(10_000), pause(50)], [100, 200]);
  connection.dispose();
});

test('what an event was about is asked once when the stream ends right after it', async (t) => {
  const source = fakeSource();
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const connection = createConnection({ source, name: () => 'test', settleMs: 100 });
  connection.hold();
  await connection.ready();
  source.asked.length = 0;
  source.streams[0]?.event(changedEvent(1));
  source.streams[0]?.closed();
  t.mock.timers.tick(100);
  assert.equal(source.asked.filter((name) => name === 'apps').length, 1);
  connection.dispose();
});

test('times of the server are compared with its own clock, and what was seen with this one', async () => {
  const source = fakeSource();
  const hour = 3_600_000;
  source.facts = async () => ({ ...facts, asOf: Date.now() - hour });
  const connection = connect(source);
  assert.ok(Math.abs(connection.now() - Date.now()) < 60_000);
  const release = connection.hold();
  await connection.ready();
  assert.ok(Math.abs(connection.now() - Date.now() + hour) < 60_000);
  source.streams[0]?.event({ ...changedEvent(7), at: Date.now() - hour });
  assert.ok(Math.abs((connection.snapshot.asOf ?? 0) - Date.now()) < 60_000);
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

test('an app is asked about when it is looked into, again after its events, and not after it was forgotten', async () => {
  const source = fakeSource();
  const connection = connect(source);
  connection.hold();
  await connection.ready();
  const details = (): string[] => source.asked.filter((name) => name.startsWith('detail'));
  assert.deepEqual(details(), [], 'asked before anybody looked');
  assert.equal((await connection.detail('shop', 'tree'))?.name, 'shop');
  await connection.detail('shop', 'tree');
  assert.deepEqual(details(), ['detail shop'], 'asked twice');
  const about = (name: string): void => source.streams[0]?.event({ ...changedEvent(1), app: name });
  const reloaded = async (): Promise<void> => {
    const before = source.asked.filter((name) => name === 'apps').length;
    await until(() => source.asked.filter((name) => name === 'apps').length > before);
    await sleep(5);
  };
  about('blog');
  await reloaded();
  assert.deepEqual(details(), ['detail shop'], 'another app costs nothing');
  about('shop');
  await reloaded();
  assert.equal(details().length, 2);
  connection.forget('shop', 'tree');
  about('shop');
  await reloaded();
  assert.equal(details().length, 2, 'asked about what nobody looks at');
  assert.equal(connection.snapshot.details.size, 0);
  connection.dispose();
});

test('what is known of an app is told when it arrives, to everybody', async () => {
  const connection = connect(fakeSource());
  connection.hold();
  await connection.ready();
  let told = 0;
  connection.onDidChange(() => {
    told += 1;
  });
  await connection.detail('shop', 'manifest');
  assert.equal(told, 1);
  await connection.detail('shop', 'tree');
  assert.equal(told, 1, 'told again of what was known');
  connection.dispose();
});

test('an app is asked about as long as anybody looks, and its measures only for who wants them', async () => {
  const source = fakeSource();
  const connection = connect(source);
  connection.hold();
  await connection.ready();
  const details = (): number => source.asked.filter((name) => name.startsWith('detail')).length;
  await connection.detail('shop', 'lens');
  await connection.refreshDetails('tree');
  assert.equal(details(), 1, 'measures of what only a lens looks at');
  await connection.detail('shop', 'tree');
  await connection.refreshDetails('tree');
  assert.equal(details(), 2);
  connection.forget('shop', 'tree');
  assert.equal(connection.snapshot.details.size, 1, 'forgotten while the lens looks');
  await connection.refreshDetails('tree');
  assert.equal(details(), 2);
  connection.forget('shop', 'lens');
  assert.equal(connection.snapshot.details.size, 0);
  const late = connection.detail('shop', 'lens');
  connection.forget('shop', 'lens');
  await late;
  assert.equal(connection.snapshot.details.size, 0, 'an answer that came late is kept');
  connection.dispose();
});

test('proposals are asked for where the server offers them, and again when one changes', async () => {
  const source = fakeSource();
  const offering = connect({ ...source, info: async () => ({ ...info, features: ['apps', 'proposals'] }) });
  offering.hold();
  await offering.ready();
  const asked = (): number => source.asked.filter((name) => name === 'proposals').length;
  assert.equal(asked(), 1);
  const body = { kind: 'proposal.changed', id: 'p', state: 'open' } as const;
  source.streams[0]?.event({ ...changedEvent(1), body });
  await until(() => asked() === 2);
  offering.dispose();
  const older = fakeSource();
  const connection = connect(older);
  connection.hold();
  await connection.ready();
  assert.equal(older.asked.includes('proposals'), false);
  connection.dispose();
});

test('connecting and disconnecting fifty times leaves no listener and no stream', async () => {
  const source = fakeSource();
  const connection = connect(source);
  for (let round = 0; round < 50; round += 1) {
    const endings = [connection.onDidChange(() => {}), connection.onEvent(() => {}), connection.onOnline(() => {})];
    const release = connection.hold();
    await connection.ready();
    await connection.detail('shop', 'tree');
    connection.forget('shop', 'tree');
    release();
    for (const end of endings) end();
    await until(() => source.open === 0);
  }
  assert.deepEqual(connection.listeners, { changed: 0, events: 0, online: 0 });
  connection.dispose();
});
