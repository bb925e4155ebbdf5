/** However an operation ends before it could begin, what it is for is settled. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operationParts as parts } from '../../../test/harness/operations.ts';
import type { OperationStart, Operations } from './operations.ts';

const work = (app: string, more: Partial<OperationStart> = {}) =>
  ({ kind: 'deploy', app, appId: app, by: 'me', run: async () => {}, ...more }) as OperationStart;

/** Takes every lane until it is let go. */
async function lanesTaken(operations: Operations) {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const number of [1, 2, 3, 4]) {
    const begun = Promise.withResolvers<void>();
    const run = async () => {
      begun.resolve();
      await promise;
    };
    await operations.start(work(`other-${number}`, { run }));
    await begun.promise;
  }
  return resolve;
}

test('one whose begin can not be written down fails as any other, and what it was for is settled', async () => {
  const { events, operations } = await parts();
  const { append } = events;
  const settled: string[] = [];
  events.append = async (event) => {
    events.append = append;
    throw Object.assign(new Error(`no room for ${event.body.kind}`), { code: 'SQLITE_FULL' });
  };
  const { id } = await operations.start(
    work('shop', {
      neverRan: async (problem) => void settled.push(problem.why),
      run: async () => assert.fail('it could not be written down'),
    }),
  );
  const ended = await operations.finished(id);
  assert.equal(ended.state, 'failed');
  assert.match(ended.problem?.why ?? '', /no room/);
  assert.match(settled.join(), /^[^,]*no room[^,]*$/, 'once');
  assert.equal((await operations.get(id))?.state, 'failed');
  assert.deepEqual(await operations.interrupted(), []);
});

test('one that was past its point of no return before it began is not cancelled while it waits for its lane', async () => {
  const { operations } = await parts();
  const letGo = await lanesTaken(operations);
  const { id } = await operations.start(work('shop', { kind: 'delete', committed: true }));
  assert.equal(await operations.cancel(id), false);
  letGo();
  assert.equal((await operations.finished(id)).state, 'succeeded');
});

test('one that has something to take back does so when it is cancelled before its lane or before its turn', async () => {
  const { operations } = await parts();
  const letGo = await lanesTaken(operations);
  const seen: string[] = [];
  const takingBack = (name: string) =>
    operations.start(
      work('shop', {
        takesBack: true,
        run: async ({ signal }) => {
          seen.push(`${name} ${signal.aborted}`);
          signal.throwIfAborted();
        },
      }),
    );
  const [first, second] = [await takingBack('first'), await takingBack('second')];
  for (const { id } of [first, second]) assert.equal(await operations.cancel(id), true);
  assert.deepEqual(seen, []);
  letGo();
  for (const { id } of [first, second]) assert.equal((await operations.finished(id)).state, 'cancelled');
  assert.deepEqual(seen, ['first true', 'second true']);
});

test('one that has not taken back when the companion stops is left to the next start', async () => {
  const { operations } = await parts();
  const letGo = await lanesTaken(operations);
  const { id } = await operations.start(work('shop', { takesBack: true, resumes: true }));
  assert.equal(await operations.cancel(id), true);
  const stopped = operations.shutdown();
  letGo();
  await stopped;
  assert.equal((await operations.get(id))?.state, 'running');
});
