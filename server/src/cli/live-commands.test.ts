/** What `forward` and `metrics` make of what is typed and measured. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ForwardTarget } from 'minicloud-shared/model/forward';
import type { AppMetrics } from 'minicloud-shared/model/metrics';
import { chooseTarget } from './commands/forward.ts';
import { metricsView, sparkline } from './commands/metrics.ts';
import { lineWidth, render } from './text.ts';

const http = 'http://127.0.0.1:{port}/';
const sql = 'mysql://127.0.0.1:{port}/';
const targets: ForwardTarget[] = [
  { target: 'worker', kind: 'process', replicas: [1], ports: [] },
  { target: 'web', kind: 'process', replicas: [1, 2], ports: [{ port: 3000, urlTemplate: http }] },
  { target: 'mariadb', kind: 'service', replicas: [], ports: [{ port: 3306, urlTemplate: sql }], env: 'DATABASE_URL' },
];

test('what is to be forwarded, as it is typed', () => {
  const table: [string | undefined, string, number, string][] = [
    [undefined, 'web', 3000, http],
    ['web', 'web', 3000, http],
    ['mariadb', 'mariadb', 3306, sql],
    [':9229', 'web', 9229, '127.0.0.1:{port}'],
    ['worker:9229', 'worker', 9229, '127.0.0.1:{port}'],
  ];
  for (const [typed, target, port, urlTemplate] of table) {
    assert.deepEqual(chooseTarget('shop', typed, targets), { target, port, urlTemplate }, typed);
  }
  for (const wrong of ['', ':', 'web:0', 'web:70000', 'web:http', 'a:1:2', 'worker']) {
    assert.throws(() => chooseTarget('shop', wrong, targets), /The command line is not right/, wrong);
  }
  assert.throws(() => chooseTarget('shop', 'zebra:80', targets), /worker, web:3000, mariadb:3306/);
  assert.throws(() => chooseTarget('shop', undefined, []), /No release of this app serves yet/);
});

const at = [1, 2, 3, 4];
const measured: AppMetrics = {
  app: 'shop',
  asOf: 4,
  everyMs: 15_000,
  processes: [
    {
      ...{ process: 'web', kind: 'process', replicas: 2, memoryLimitBytes: 512_000_000, at },
      cpu: [null, 0.5, 0.25, 1],
      memoryBytes: [10e6, 20e6, 30e6, 40e6],
    },
    { process: 'search', kind: 'support', replicas: 1, memoryLimitBytes: 0, at, cpu: [null], memoryBytes: [null] },
  ],
  routes: [
    {
      ...{ host: 'shop.example.com', path: '/', at, requests: [1, 2, 3, 12.34], errors: [0, 0, 0, 0.5] },
      ...{ p50: [null, 3], p95: [null, 20], p99: [null, 1500] },
    },
    { host: 'shop.example.com', path: '/api', at, requests: [0], errors: [0], p50: [null], p95: [null], p99: [null] },
  ],
};

test('metrics at every width', () => {
  const text = metricsView(measured, 100, true).map((line) => render(line, false));
  assert.match(text.join('\n'), /web +2 +1\.00 +\S+ +40 MB of 512 MB +▁▃▆█/);
  assert.match(text.join('\n'), /search +1 +– +–/);
  assert.match(text.join('\n'), /shop\.example\.com +12\.3 +0\.5 +3 ms +20 ms +1\.5 s/);
  assert.match(text.join('\n'), /shop\.example\.com\/api +0\.0 +0\.0 +– +– +–/);
  for (let columns = 72; columns <= 130; columns += 1) {
    for (const line of metricsView(measured, columns, true)) assert.ok(lineWidth(line) <= columns, render(line, false));
  }
  assert.match(render(metricsView({ ...measured, processes: [], routes: [] }, 80, true)[0] ?? [], false), /Nothing/);
});

test('a process answers as all its routes together; its routes stand below it when there are several', () => {
  const [web, search] = measured.processes;
  const [home, api] = measured.routes;
  if (!web || !search || !home || !api) throw new Error('the sample has changed');
  const answers = { requests: [20], errors: [0], p50: [4], p95: [5], p99: [6] };
  const shown = (routes: AppMetrics['routes']) =>
    metricsView({ ...measured, processes: [{ ...web, answers }, search], routes }, 100, true)
      .map((line) => render(line, false))
      .join('\n');
  const gone = { ...api, path: '/gone' };
  const both = shown([{ ...home, process: 'web' }, { ...api, process: 'web' }, gone]);
  assert.match(
    both,
    /PROCESS, ROUTE.*\nweb +20\.0 .*6 ms\n {2}shop\.example\.com .*\n {2}shop\.example\.com\/api .*\nshop\.example\.com\/gone /,
  );
  assert.equal(both.match(/search/g)?.length, 1, 'what has no route answers nothing');
  const one = shown([{ ...home, process: 'web' }, gone]);
  assert.match(one, /\nweb +20\.0 .*\nshop\.example\.com\/gone /);
});

test('a course of values as blocks', () => {
  assert.equal(sparkline([], true), '');
  assert.equal(sparkline([null, 1], true), '');
  assert.equal(sparkline([5, 5, 5], true), '▁▁▁');
  assert.equal(sparkline([0, 7], true), '▁█');
  assert.equal(sparkline([0, 7], false), '');
  assert.ok(
    sparkline(
      Array.from({ length: 500 }, (_, n) => n),
      true,
    ).length <= 16,
  );
});
