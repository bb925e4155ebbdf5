import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createBounded } from './bounded.ts';

const texts = (items: number, weight: number) => createBounded<string>({ items, weight, weigh: (text) => text.length });

test('it holds no more than it may, by number and by weight, and loses nothing', async () => {
  for (const [items, weight] of [
    [5, 1000],
    [1000, 20],
  ] as const) {
    const line = texts(items, weight);
    const written: string[] = [];
    const write = async (name: string) => {
      for (let n = 0; n < 50; n += 1) {
        const text = `${name}${n}`;
        assert.equal(await line.push(text), true);
        written.push(text);
      }
    };
    const writers = ['a', 'bb', 'cccc'].map(write);
    await turn();
    assert.ok(written.length < 30, 'the writers wait for the reader');
    const read: string[] = [];
    while (read.length < 150) read.push((await line.take()) as string);
    await Promise.all(writers);
    for (const name of ['a', 'bb', 'cccc'])
      assert.deepEqual(
        read.filter((text) => text.replace(/\d+$/, '') === name),
        Array.from({ length: 50 }, (_, n) => `${name}${n}`),
        'in the order of each writer',
      );
    assert.ok(line.most.items <= items && line.most.weight <= weight, JSON.stringify(line.most));
  }
});

test('every writer gets its turn, however many wait', async () => {
  const line = texts(1, 100);
  const done: number[] = [];
  const writers = Array.from({ length: 20 }, (_, n) => line.push('x').then(() => done.push(n)));
  for (let n = 0; n < 20; n += 1) await line.take();
  await Promise.all(writers);
  assert.deepEqual(
    done,
    Array.from({ length: 20 }, (_, n) => n),
  );
});

test('what is heavier than all there may be goes in alone', async () => {
  const line = texts(10, 5);
  await line.push('aaa');
  const heavy = line.push('bbbbbbbbbb');
  const after = line.push('c');
  assert.equal(await line.take(), 'aaa');
  assert.equal(await heavy, true);
  assert.equal(await line.take(), 'bbbbbbbbbb');
  assert.equal(await after, true);
  assert.equal(await line.take(), 'c');
});

test('closed, it lets everybody go', async () => {
  const full = texts(1, 10);
  await full.push('x');
  const waiting = [full.push('y'), full.push('z')];
  full.close();
  assert.deepEqual(await Promise.all(waiting), [false, false]);
  assert.equal(await full.take(), undefined);
  assert.equal(await full.push('w'), false);
  const empty = texts(1, 10);
  const reading = empty.take();
  empty.close();
  assert.equal(await reading, undefined);
});
