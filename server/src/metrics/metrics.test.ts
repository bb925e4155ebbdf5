/** Measurements over time: quantiles, rings, rates, routes of one process together, and what a thousand apps cost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import { latencyBucketsMs } from '../adapters/proxy/contract.ts';
import type { MemoryProxy } from '../adapters/proxy/memory.ts';
import { quantile } from './quantile.ts';
import { createRecorder, type Recorder, type RouteTotal, type Use } from './recorder.ts';
import { beside, createRings, joined, sinceLastPause } from './series.ts';

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
  recorder.record({ at: 0, uses: [use('one', 0)], totals: [total(100, 0, 0, 100)] });
  recorder.record({ at: 10_000, uses: [use('one', 5e9), use('two', 9e9)], totals: [total(120, 5, 0, 120)] });
  recorder.record({ at: 20_000, uses: [use('one', 10e9), use('two', 14e9)], totals: [total(10, 1, 2, 10)] });
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

/** A route of the process `web`, or of another, that has answered so often in this bucket of the histogram. */
const routed = (path: string, requests: number, bucket: number, process: string | undefined = web): RouteTotal => ({
  ...total(requests, 0, bucket, requests),
  key: `shop\tshop.test\t${path}`,
  process,
});
const web = 'a\tprocess\tweb';
const answersOf = (recorder: Recorder, key: string) => {
  const { at, values } = recorder.processes(key, 0);
  const [requests, errors, p50, p95, p99] = values.slice(4);
  return { at, requests, errors, p50, p95, p99 };
};

test('routes of one process count as one: their histograms are added up, not their quantiles', () => {
  const recorder = createRecorder({ everyMs: 10_000, slots: 10 });
  const uses = [use('one', 0), { ...use('two', 0), key: 'a\tprocess\tworker' }];
  recorder.record({ at: 0, uses, totals: [routed('/', 0, 0), routed('/slow', 0, 8)] });
  recorder.record({ at: 10_000, uses, totals: [routed('/', 990, 0), routed('/slow', 10, 8)] });
  const { at, requests, p50, p99 } = answersOf(recorder, web);
  assert.deepEqual(
    [at, requests],
    [
      [0, 10_000],
      [null, 100],
    ],
  );
  // 990 of 1000 within 5 ms: the slow route's 1000 to 2500 ms, a hundredth of all, move none of these.
  assert.ok(Math.abs((p50?.[1] ?? 0) - (500 / 990) * 5) < 0.01, `p50 ${p50}`);
  assert.deepEqual(p99, [null, 5]);
  assert.deepEqual(
    recorder.routes('shop\tshop.test\t/slow', 0).values[4]?.map((value) => Math.round(value ?? 0)),
    [2485],
  );
  assert.deepEqual(answersOf(recorder, 'a\tprocess\tworker').requests, [null, null], 'a process without a route');
});

test('a proxy that began anew, or told nothing for once, makes no process busier than it was', () => {
  const recorder = createRecorder({ everyMs: 10_000, slots: 10 });
  const uses = [use('one', 0)];
  recorder.record({ at: 0, uses, totals: [routed('/', 1000, 0), routed('/api', 500, 0)] });
  recorder.record({ at: 10_000, uses, totals: [routed('/', 20, 0), routed('/api', 10, 0)] });
  recorder.record({ at: 20_000, uses });
  recorder.record({ at: 30_000, uses, totals: [routed('/', 60, 0), routed('/api', 30, 0)] });
  assert.deepEqual(answersOf(recorder, web).requests, [null, 3, null, 3]);
});

test('a route that moves or goes counts for the process that it led to', () => {
  const recorder = createRecorder({ everyMs: 10_000, slots: 10 });
  const uses = [use('one', 0)];
  const api = 'a\tprocess\tapi';
  recorder.record({ at: 0, uses, totals: [routed('/', 0, 0), routed('/api', 0, 0)] });
  recorder.record({ at: 10_000, uses, totals: [routed('/', 10, 0), routed('/api', 10, 0)] });
  recorder.record({
    at: 20_000,
    uses,
    totals: [{ ...routed('/', 20, 0), process: undefined }, routed('/api', 20, 0, api)],
  });
  recorder.record({
    at: 30_000,
    uses,
    totals: [{ ...routed('/', 20, 0), process: undefined }, routed('/api', 50, 0, api)],
  });
  assert.deepEqual(answersOf(recorder, web).requests, [null, 2, 1, null]);
  assert.deepEqual(answersOf(recorder, api).requests, [1, 3]);
  assert.deepEqual(recorder.processKeys('').sort(), [api, web], 'one of which nothing runs answers too: with errors');
});

test('a look at some apps tells nothing of what the others answer, whose uses it did not see', () => {
  const recorder = createRecorder({ everyMs: 10_000, slots: 10 });
  const other = 'b\tprocess\tweb';
  for (const n of [0, 1]) {
    const totals = [routed('/', n * 10, 0), routed('/b', n * 10, 0, other)];
    recorder.record({ at: n * 10_000, uses: [use('one', 0)], totals, apps: new Set(['a']) });
  }
  assert.deepEqual(recorder.processKeys(''), [web]);
  assert.deepEqual(recorder.routeKeys('').length, 2);
});

test('two series side by side have the times of either', () => {
  const uses = { at: [1, 2], values: [[10, 20]] };
  const answers = {
    at: [2, 3],
    values: [
      [200, 300],
      [null, 3],
    ],
  };
  assert.deepEqual(beside(uses, answers), {
    at: [1, 2, 3],
    values: [
      [10, 20, null],
      [null, 200, 300],
      [null, null, 3],
    ],
  });
});

test('of a running app each process tells its own answers, and each route its process', async (t) => {
  const companion = await startMemoryCompanion();
  t.after(() => companion.stop());
  const { client, cloud } = companion;
  const manifest = (more: string) =>
    `name: shop\nimage: plain:1\nprocesses:\n  web: { command: serve }\n  api: { command: serve }\n  worker: { command: work }\nexpose:\n- { port: 80 }\n${more}`;
  const deploy = async (text: string) => {
    const operation = await companion.deploy(text);
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  };
  await deploy(
    manifest(
      '- { port: 80, path: /docs, domains: [shop.localhost] }\n- { port: 81, process: api, path: /api, domains: [shop.localhost] }\n',
    ),
  );
  for (const name of ['one', 'two']) await deploy(`name: ${name}\nimage: plain:1\n`);
  const visit = (path: string) =>
    (cloud.proxy as MemoryProxy).handle({ scheme: 'https', host: 'shop.localhost', path });
  // Who is the first to ask for an app has everything looked at that is watched.
  await client.metrics.app.query({ app: 'shop' });
  companion.pass(10_000);
  await client.metrics.app.query({ app: 'one' });
  for (const path of ['/', '/', '/docs/a']) assert.equal(visit(path).status, 200);
  companion.pass(10_000);
  await client.metrics.app.query({ app: 'two' });
  const { processes, routes } = await client.metrics.app.query({ app: 'shop' });
  const last = (values: readonly (number | null)[] = []) => values.at(-1);
  assert.deepEqual(
    processes.map(({ process, at, answers }) => [
      process,
      answers && at.length === answers.requests.length,
      last(answers?.p50),
    ]),
    [
      ['api', true, null],
      ['web', true, 2.5],
      ['worker', undefined, undefined],
    ],
    'one without requests says so; one without routes says nothing',
  );
  const web = processes.find(({ process }) => process === 'web')?.answers;
  assert.ok(Math.abs((last(web?.requests) ?? 0) - 0.3) < 0.05, JSON.stringify(web?.requests));
  assert.deepEqual(
    routes.map(({ path, process }) => [path, process]),
    [
      ['/', 'web'],
      ['/docs', 'web'],
    ],
  );
  // A release without the route: what it answered is still told, as nobody's.
  await deploy(manifest(''));
  const after = await client.metrics.app.query({ app: 'shop' });
  assert.deepEqual(
    after.routes.map(({ path, process }) => [path, process]),
    [
      ['/', 'web'],
      ['/docs', undefined],
    ],
  );
});

test('a day of a thousand apps has a bound', () => {
  const recorder = createRecorder({ everyMs: 600_000, slots: 144 });
  const uses = Array.from({ length: 1000 }, (_, n) => ({ ...use(`c${n}`, n), key: `app${n}\tprocess\tweb` }));
  const before = process.memoryUsage().arrayBuffers;
  for (let n = 0; n < 300; n += 1) recorder.record({ at: n * 600_000, uses, totals: [] });
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown < 4 * 1024 * 1024, `${grown} bytes`);
  assert.equal(recorder.processes('app7\tprocess\tweb', 0).at.length, 144);
  for (let n = 300; n < 450; n += 1) recorder.record({ at: n * 600_000, uses: [], totals: [] });
  assert.deepEqual(recorder.processKeys(''), [], 'apps that are gone are forgotten');
});
