import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createPace } from './pace.ts';

test('a burst at once, then as many as time allows, in the order of asking', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const pace = createPace(100, 10, () => now);
  const gone: number[] = [];
  const all = Array.from({ length: 40 }, (_, n) => pace.next().then(() => gone.push(n)));
  const pass = async (ms: number) => {
    for (let at = 0; at < ms; at += 50) {
      now += 50;
      t.mock.timers.tick(50);
      // Each of those who wait has a few steps to go.
      for (let step = 0; step < 60; step += 1) await turn();
    }
  };
  await turn();
  assert.equal(gone.length, 10, 'the burst');
  await pass(100);
  assert.equal(gone.length, 20, 'ten more in a tenth of a second');
  await pass(1000);
  await Promise.all(all);
  assert.deepEqual(
    gone,
    Array.from({ length: 40 }, (_, n) => n),
  );
});

test('who gives up leaves the others their turn', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const pace = createPace(10, 1, () => now);
  await pace.next();
  const leaving = new AbortController();
  const gone = pace.next(leaving.signal);
  const stays = pace.next();
  leaving.abort();
  await assert.rejects(gone, { name: 'AbortError' });
  await turn();
  now += 200;
  t.mock.timers.tick(200);
  await stays;
});
