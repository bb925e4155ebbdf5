import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLanes } from './lanes.ts';

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
const never = new AbortController().signal;

test('only so many work at a time', async () => {
  const lanes = createLanes(2);
  let working = 0;
  let most = 0;
  const work = async () => {
    working += 1;
    most = Math.max(most, working);
    await tick();
    working -= 1;
  };
  await Promise.all(Array.from({ length: 7 }, () => lanes.run(never, work)));
  assert.equal(most, 2);
});

test('who waits gives the lane to others, and works on only when there is one again', async () => {
  const lanes = createLanes(1);
  const said = Promise.withResolvers<void>();
  const seen: string[] = [];
  const first = lanes.run(never, async (waiting) => {
    await waiting(() => said.promise);
    seen.push('first works on');
  });
  const held = Promise.withResolvers<void>();
  const second = lanes.run(never, async () => {
    seen.push('second works');
    await held.promise;
    seen.push('second has ended');
  });
  await tick();
  said.resolve();
  await tick();
  held.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(seen, ['second works', 'second has ended', 'first works on']);
});

test('one that is cancelled before its turn takes no lane, and one that fails while it waits gives its back', async () => {
  const lanes = createLanes(1);
  const held = Promise.withResolvers<void>();
  const first = lanes.run(never, () => held.promise);
  const gone = new AbortController();
  const second = lanes.run(gone.signal, async () => assert.fail('it was cancelled'));
  gone.abort(new Error('nobody wants it'));
  await assert.rejects(second, /nobody wants it/);
  held.resolve();
  await first;
  await assert.rejects(
    lanes.run(never, (waiting) => waiting(() => Promise.reject(new Error('it failed')))),
    /it failed/,
  );
  assert.equal(await lanes.run(never, async () => 'free'), 'free');
});
