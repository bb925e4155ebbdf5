import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppDetail } from 'minicloud-shared/model/app';
import { emptySnapshot, type Snapshot } from '../servers/snapshot.ts';
import { createDetailLooks, createMeasuring } from './detail-looks.ts';

const file = 'file:///shop/cloud_manifest.yml';
const detailOf = (name: string): AppDetail => ({
  ...{ id: name, name, kind: 'container', environment: 'production', state: 'running', urls: [] },
  ...{ createdAt: 0, updatedAt: 0, replicas: [], bindings: [], volumes: [], domains: [], processes: [], routes: [] },
  activity: [],
});

/** A server that answers when it is told to, and what was asked of it. */
function fakeConnection() {
  const calls: string[] = [];
  const waiting: ((error?: Error) => void)[] = [];
  const fake = {
    snapshot: emptySnapshot as Snapshot,
    calls,
    detail(app: string, looker: string): Promise<AppDetail | undefined> {
      calls.push(`detail ${app} for ${looker}`);
      const known = fake.snapshot.details.get(app);
      if (known) return Promise.resolve(known);
      return new Promise((resolve, reject) => {
        waiting.push((error) => {
          if (error) return reject(error);
          fake.snapshot = { ...fake.snapshot, details: new Map([[app, detailOf(app)]]) };
          return resolve(detailOf(app));
        });
      });
    },
    forget: (app: string, looker: string): void => void calls.push(`forget ${app} for ${looker}`),
    async answer(error?: Error): Promise<void> {
      waiting.shift()?.(error);
      await new Promise(setImmediate);
    },
  };
  return fake;
}

function setUp() {
  let arrived = 0;
  const connection = fakeConnection();
  const looks = createDetailLooks(() => {
    arrived += 1;
  });
  return { connection, looks, arrived: () => arrived };
}

const asked = `detail shop for manifest ${file}`;
const forgotten = `forget shop for manifest ${file}`;

test('what is not known yet holds up nothing, is asked once, and is told when it is there', async () => {
  const { connection, looks, arrived } = setUp();
  assert.equal(looks.detail(file, connection, 'shop'), undefined);
  assert.equal(looks.detail(file, connection, 'shop'), undefined);
  assert.deepEqual(connection.calls, [asked]);
  await connection.answer();
  assert.equal(arrived(), 1);
  assert.equal(looks.detail(file, connection, 'shop')?.name, 'shop');
  await connection.answer();
  assert.deepEqual([arrived(), connection.calls.length], [1, 1], 'told again of what is known');
});

test('an answer that fails is told to nobody and asked for again with the next look', async () => {
  const { connection, looks, arrived } = setUp();
  looks.detail(file, connection, 'shop');
  await connection.answer(new Error('away'));
  assert.equal(arrived(), 0);
  looks.detail(file, connection, 'shop');
  assert.deepEqual(connection.calls, [asked, asked]);
});

test('a manifest that is closed, or gets another name, looks into its app no more', async () => {
  const { connection, looks, arrived } = setUp();
  looks.detail(file, connection, 'shop');
  looks.close(file);
  looks.close(file);
  await connection.answer();
  assert.equal(arrived(), 0, 'told of a manifest that is closed');
  assert.deepEqual(connection.calls, [asked, forgotten]);
  looks.detail(file, connection, 'shop');
  looks.detail(file, connection, 'blog');
  const renamed = [asked, forgotten, `detail blog for manifest ${file}`];
  assert.deepEqual(connection.calls.slice(2), renamed);
});

test('what the tree asked for is looked into as well, and told to nobody', async () => {
  const { connection, looks, arrived } = setUp();
  connection.snapshot = { ...emptySnapshot, details: new Map([['shop', detailOf('shop')]]) };
  assert.equal(looks.detail(file, connection, 'shop')?.name, 'shop');
  assert.deepEqual([connection.calls, arrived()], [[asked], 0]);
});

test('what is used is measured anew for who asks, not again at once, and not waited for long', async () => {
  let clock = 0;
  const asked: string[] = [];
  let slow = false;
  const measuring = createMeasuring(
    (file) => {
      asked.push(file);
      return slow ? new Promise(() => {}) : Promise.reject(new Error('away'));
    },
    { freshMs: 1000, limitMs: 5 },
    () => clock,
  );
  await measuring('a');
  await measuring('a');
  await measuring('b');
  clock = 1000;
  slow = true;
  await measuring('a');
  assert.deepEqual(asked, ['a', 'b', 'a']);
});
