import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from 'minicloud-shared/model/event';
import type { Operation } from 'minicloud-shared/model/operation';
import { ProblemError, type ProblemInit } from 'minicloud-shared/model/problem';
import type { Link } from '../servers/connection.ts';
import { createSignal } from '../signal.ts';
import { type Watching, watchOperation } from './watch-operation.ts';

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
  const changed = createSignal<void>();
  const now: { link: Link } = { link: { state: 'online' } };
  const held = { count: 0 };
  const connection = {
    onEvent: events.on,
    onOnline: online.on,
    onDidChange: changed.on,
    get link() {
      return now.link;
    },
    hold: () => {
      held.count += 1;
      return () => {
        held.count -= 1;
      };
    },
  };
  const tell = (changed: Operation): void =>
    events.fire({ id: 1, at: 1, by: 'me', body: { kind: 'operation.changed', operation: changed } });
  const setLink = (link: Link): void => {
    now.link = link;
    changed.fire();
  };
  return { events, online, changed, held, connection, tell, setLink };
}

const problem = (code: ProblemInit['code']) =>
  new ProblemError({ code, what: 'It failed', object: 'home', why: 'A test.', remedy: 'None.' });
const watching = (more: Partial<Watching> = {}): Watching => ({ onChange: () => {}, onAway: () => {}, ...more });

test('an operation is followed by events, without asking again, and its listeners go with it', async () => {
  const { connection, tell, held, events, online } = setUp();
  let asked = 0;
  const seen: string[] = [];
  const load = async (): Promise<Operation> => {
    asked += 1;
    return operation('queued');
  };
  const ended = watchOperation(connection, load, 'op1', watching({ onChange: ({ state }) => seen.push(state) }));
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
    (await watchOperation(connection, async () => operation('cancelled'), 'op1', watching())).state,
    'cancelled',
  );
});

test('an end that fell into a lost connection is found after it', async () => {
  const { connection, online } = setUp();
  let now: Operation['state'] = 'running';
  const ended = watchOperation(connection, async () => operation(now), 'op1', watching());
  await new Promise(setImmediate);
  now = 'succeeded';
  online.fire();
  assert.equal((await ended).state, 'succeeded');
});

test('a server that does not know it is an error, and leaves no listener', async () => {
  const { connection, events, held } = setUp();
  await assert.rejects(
    watchOperation(connection, async () => Promise.reject(new Error('not found')), 'op1', watching()),
    /not found/,
  );
  assert.deepEqual([events.size, held.count], [0, 0]);
});

test('a server that is away is told once, asked again, and its end is found', async () => {
  const { connection, setLink } = setUp();
  const away: string[] = [];
  let answers = false;
  const ended = watchOperation(
    connection,
    async () => {
      if (answers) return operation('succeeded');
      throw problem('not_available');
    },
    'op1',
    watching({ onAway: ({ why }) => away.push(why) }),
  );
  await new Promise(setImmediate);
  setLink({ state: 'unreachable', problem: problem('not_available').problem });
  answers = true;
  assert.equal((await ended).state, 'succeeded');
  assert.deepEqual(away, ['A test.']);
});

test('a token that is refused meanwhile ends the watching with its problem, and leaves no listener', async () => {
  const { connection, setLink, events, online, changed, held } = setUp();
  const ended = watchOperation(connection, async () => operation('running'), 'op1', watching());
  await new Promise(setImmediate);
  setLink({ state: 'rejected', problem: problem('unauthorized').problem });
  await assert.rejects(
    ended,
    (error: unknown) => error instanceof ProblemError && error.problem.code === 'unauthorized',
  );
  assert.deepEqual([events.size, online.size, changed.size, held.count], [0, 0, 0, 0]);
});
