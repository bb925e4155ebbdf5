/** Measurements over time: quantiles, rings, rates, and what a thousand apps cost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latencyBucketsMs } from '../adapters/proxy/contract.ts';
import { quantile } from './quantile.ts';
import { createRecorder, type RouteTotal, type Use } from './recorder.ts';
import { createRings, joined, sinceLastPause } from './series.ts';

test('quantiles of a histogram', () => {
  const bounds = [10, 20, 40];
  assert.ok(Number.isNaN(quantile([0, 0, 0, 0], bounds, 0.5)));
  assert.equal(quantile([10, 0, 0, 0], bounds, 0.5), 5);
  assert.equal(quantile([50, 50, 0, 0], bounds, 0.5), 10);
  assert.equal(quantile([50, 50, 0, 0], bounds, 0.75), 15);
  assert.equal(quantile([0, 0, 10, 0], bounds, 1), 40);
  assert.equal(quantile([0, 0, 0, 5], bounds, 0.5), 40, 'what is above all bounds is told as the last');
});

test('a ring keeps the newest, leaves out what was not set, and forgets who is gone', () => {
  const rings = createRings({ everyMs: 1, slots: 3 }, 1);
  for (let at = 1; at <= 5; at += 1) {
    rings.tick(at);
    if (at !== 4) rings.set('a', [at * 10]);
    if (at === 1) rings.set('b', [1]);
  }
  assert.deepEqual(rings.read('a', 0), { at: [3, 5], values: [[30, 50]] });
  assert.deepEqual(rings.read('a', 5), { at: [5], values: [[50]] });
  assert.deepEqual(rings.read('b', 0).at, []);
  assert.deepEqual(rings.keys(''), ['a']);
  assert.deepEqual(rings.read('nobody', 0), { at: [], values: [[]] });
});

test('tiers make one line: the finer where it reaches, the coarser before', () => {
  const fine = { at: [50, 60], values: [[5, 6]] };
  const coarse = { at: [20, 40, 60], values: [[2, 4, 6]] };
  assert.deepEqual(joined([fine, coarse], 1), { at: [20, 40, 50, 60], values: [[2, 4, 5, 6]] });
  assert.deepEqual(joined([{ at: [], values: [[]] }, coarse], 1), coarse);
  const paused = { at: [1, 2, 50, 51], values: [[1, 2, 3, 4]] };
  assert.deepEqual(sinceLastPause(paused, 10), { at: [50, 51], values: [[3, 4]] });
  assert.deepEqual(sinceLastPause(fine, 10), fine);
});

const use = (container: string, cpuNanoseconds: number): Use => ({
  container,
  key: 'a\tprocess\tweb',
  memoryBytes: 1000,
  memoryLimitBytes: 5000,
  cpuNanoseconds,
});
const total = (requests: number, errors: number, bucket: number, count: number): RouteTotal => ({
  key: 'shop\tshop.test\t/',
  requests,
  errors,
  latency: [...latencyBucketsMs, 0].map((_, index) => (index === bucket ? count : 0)),
});

test('rates come from two looks; replicas add up; what began anew counts from nothing', () => {
  const recorder = createRecorder({ everyMs: 10_000, slots: 10 });
  recorder.record(0, [use('one', 0)], [total(100, 0, 0, 100)]);
  recorder.record(10_000, [use('one', 5e9), use('two', 9e9)], [total(120, 5, 0, 120)]);
  recorder.record(20_000, [use('one', 10e9), use('two', 14e9)], [total(10, 1, 2, 10)]);
  const [cpu, memory, replicas, limit] = recorder.processes('a\tprocess\tweb', 0).values;
  assert.deepEqual(cpu, [null, 0.5, 1], 'a replica counts from its second look on');
  assert.deepEqual(memory, [1000, 2000, 2000]);
  assert.deepEqual([replicas?.at(-1), limit?.at(-1)], [2, 10_000]);
  const routes = recorder.routes('shop\tshop.test\t/', 0);
  assert.deepEqual(routes.at, [10_000, 20_000]);
  const [requests, errors, p50] = routes.values;
  assert.deepEqual(
    [requests, errors],
    [
      [2, 1],
      [0.5, 0.10000000149011612],
    ],
  );
  assert.deepEqual(p50, [2.5, 17.5]);
});

test('a day of a thousand apps has a bound', () => {
  const recorder = createRecorder({ everyMs: 600_000, slots: 144 });
  const uses = Array.from({ length: 1000 }, (_, n) => ({ ...use(`c${n}`, n), key: `app${n}\tprocess\tweb` }));
  const before = process.memoryUsage().arrayBuffers;
  for (let n = 0; n < 300; n += 1) recorder.record(n * 600_000, uses, []);
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown < 4 * 1024 * 1024, `${grown} bytes`);
  assert.equal(recorder.processes('app7\tprocess\tweb', 0).at.length, 144);
  for (let n = 300; n < 450; n += 1) recorder.record(n * 600_000, [], []);
  assert.deepEqual(recorder.processKeys(''), [], 'apps that are gone are forgotten');
});
