import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from 'minicloud-shared/model/event';
import type { Operation } from 'minicloud-shared/model/operation';
import { createSignal } from '../signal.ts';
import { watchOperation } from './watch-operation.ts';

const operation = (state: Operation['state'], id = 'op1'): Operation => ({
  id,
  kind: 'deploy',
  app: 'shop',
  state,
  by: 'me',
  steps: [],
  createdAt: 0,
});

function setUp() {
  const events = createSignal<Event>();
  const online = createSignal<void>();
  const held = { count: 0 };
  const connection = {
    onEvent: events.on,
    onOnline: online.on,
    hold: () => {
      held.count += 1;
      return () => {
        held.count -= 1;
      };
    },
  };
  const tell = (changed: Operation): void =>
    events.fire({ id: 1, at: 1, by: 'me', body: { kind: 'operation.changed', operation: changed } });
  return { events, online, held, connection, tell };
}

test('an operation is followed by events, without asking again, and its listeners go with it', async () => {
  const { connection, tell, held, events, online } = setUp();
  let asked = 0;
  const seen: string[] = [];
  const load = async (): Promise<Operation> => {
    asked += 1;
    return operation('queued');
  };
  const ended = watchOperation(connection, load, 'op1', ({ state }) => seen.push(state));
  await new Promise(setImmediate);
  assert.equal(held.count, 1);
  tell(operation('running'));
  tell(operation('failed', 'another'));
  tell(operation('succeeded'));
  assert.equal((await ended).state, 'succeeded');
  assert.deepEqual([seen, asked], [['queued', 'running', 'succeeded'], 1]);
  assert.deepEqual([held.count, events.size, online.size], [0, 0, 0]);
});

test('one that ended before anybody watched ends at once', async () => {
  const { connection } = setUp();
  assert.equal(
    (
      await watchOperation(
        connection,
        async () => operation('cancelled'),
        'op1',
        () => {},
      )
    ).state,
    'cancelled',
  );
});

test('an end that fell into a lost connection is found after it', async () => {
  const { connection, online } = setUp();
  let now: Operation['state'] = 'running';
  const ended = watchOperation(
    connection,
    async () => operation(now),
    'op1',
    () => {},
  );
  await new Promise(setImmediate);
  now = 'succeeded';
  online.fire();
  assert.equal((await ended).state, 'succeeded');
});

test('a server that does not know it is an error, and leaves no listener', async () => {
  const { connection, events, held } = setUp();
  await assert.rejects(
    watchOperation(
      connection,
      async () => Promise.reject(new Error('not found')),
      'op1',
      () => {},
    ),
    /not found/,
  );
  assert.deepEqual([events.size, held.count], [0, 0]);
});
