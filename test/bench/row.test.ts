import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atMost, beside, median, quantile } from './row.ts';

test('the median is the middle one, or the mean of the middle two, in whatever order they come', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([10, 1, 2, 4]), 3);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(median([])));
});

test('sorting is by number and leaves what was given as it was', () => {
  const values = [100, 20, 3];
  assert.equal(median(values), 20);
  assert.equal(quantile(values, 1), 100);
  assert.deepEqual(values, [100, 20, 3]);
});

test('a quantile is a value that was measured', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(quantile(values, 0.99), 99);
  assert.equal(quantile(values, 0.5), 50);
  assert.equal(quantile(values, 0), 1);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});

test('a ratio is met up to its bar and not beyond', () => {
  const row = (value: number) => beside({ name: 'deploy', value, floor: 100, most: 2, bar: '≤ 2 ×' });
  assert.deepEqual([row(200).ok, row(200).ratio, row(201).ok], [true, 2, false]);
  assert.equal(row(Number.NaN).ok, false);
});

test('a limit is met up to its bar; a reference is told and decides nothing', () => {
  const row = atMost({ name: 'idle', value: 100, unit: 'MB', most: 100, reference: 40 });
  assert.deepEqual([row.ok, row.ratio, row.bar], [true, 2.5, '≤ 100 MB']);
  assert.equal(atMost({ name: 'idle', value: 100.1, unit: 'MB', most: 100 }).ok, false);
  assert.equal(atMost({ name: 'idle', value: Number.NaN, unit: 'MB', most: 100 }).ok, false);
});
