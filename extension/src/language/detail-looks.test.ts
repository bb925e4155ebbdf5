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

const asked = `detail shop for manifest ${file}`;
const forgotten = `forget shop for manifest ${file}`;

test('what is not known yet is asked for once, and no more when it is there', async () => {
  const [connection, looks] = [fakeConnection(), createDetailLooks()];
  looks.look(file, connection, 'shop');
  looks.look(file, connection, 'shop');
  assert.deepEqual(connection.calls, [asked]);
  await connection.answer();
  looks.look(file, connection, 'shop');
  assert.deepEqual(connection.calls, [asked]);
});

test('an answer that fails is asked for again with the next look', async () => {
  const [connection, looks] = [fakeConnection(), createDetailLooks()];
  looks.look(file, connection, 'shop');
  await connection.answer(new Error('away'));
  looks.look(file, connection, 'shop');
  assert.deepEqual(connection.calls, [asked, asked]);
});

test('a manifest that is closed, or gets another name, looks into its app no more', async () => {
  const [connection, looks] = [fakeConnection(), createDetailLooks()];
  looks.look(file, connection, 'shop');
  looks.close(file);
  looks.close(file);
  await connection.answer();
  assert.deepEqual(connection.calls, [asked, forgotten]);
  looks.look(file, connection, 'shop');
  looks.look(file, connection, 'blog');
  const renamed = [asked, forgotten, `detail blog for manifest ${file}`];
  assert.deepEqual(connection.calls.slice(2), renamed);
});

test('what the tree asked for is looked into as well', () => {
  const [connection, looks] = [fakeConnection(), createDetailLooks()];
  connection.snapshot = { ...emptySnapshot, details: new Map([['shop', detailOf('shop')]]) };
  looks.look(file, connection, 'shop');
  looks.look(file, connection, 'shop');
  assert.deepEqual(connection.calls, [asked]);
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
