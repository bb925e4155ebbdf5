import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createQueue } from './queue.ts';

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

test('work of one name runs one after another, also after a failure', async () => {
  const queue = createQueue();
  const seen: string[] = [];
  const work = (id: string) => async () => {
    seen.push(`start ${id}`);
    await tick();
    seen.push(`end ${id}`);
    if (id === 'a') throw new Error('a failed');
    return id;
  };
  const results = await Promise.allSettled([queue.add('shop', work('a')), queue.add('shop', work('b'))]);
  assert.deepEqual(seen, ['start a', 'end a', 'start b', 'end b']);
  assert.deepEqual(
    results.map((result) => result.status),
    ['rejected', 'fulfilled'],
  );
  await tick();
  assert.equal(queue.busy('shop'), false);
});

test('work of different names runs side by side, however many they are', async () => {
  const queue = createQueue();
  let running = 0;
  let most = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await tick();
    running -= 1;
  };
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => queue.add(name, work)));
  assert.equal(most, 5);
});
