import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppMetrics } from 'minicloud-shared/model/metrics';
import { untranslated } from '../translate.ts';
import { niceTop } from './chart.ts';
import { html } from './html.ts';
import { metricsPage } from './page.ts';

const at = [1000, 2000, 3000, 4000];
const metrics: AppMetrics = {
  app: 'shop',
  asOf: 4000,
  everyMs: 15_000,
  processes: [
    {
      ...{ process: 'web', kind: 'process', replicas: 2, memoryLimitBytes: 100e6, at },
      cpu: [0.1, null, 0.2, 0.4],
      memoryBytes: [50e6, 60e6, 70e6, 80e6],
    },
  ],
  routes: [
    {
      ...{ host: 'shop.example.com', path: '/', at, requests: [1, 2, 3, 4], errors: [0, 0, 1, 0] },
      ...{ p50: [1, 2, 3, 4], p95: [5, 6, 7, 8], p99: [null, null, null, 20] },
    },
  ],
};

test('curves have gaps where nothing was measured, and words for who can not see them', () => {
  const page = metricsPage(metrics, 3000, untranslated).html;
  assert.match(page, /class="line look-0" d="M400 72L600 24"/);
  assert.match(page, /class="dots look-0" d="M0 96h0"/, 'a value alone between gaps is a dot');
  assert.match(page, /<span>just now<\/span><span>now<\/span>/);
  assert.match(page, /aria-label="CPU\. in use: 40 %, max 40 %"/);
  assert.match(
    page,
    /aria-label="Latency\. p50: 4\.0 ms, max 4\.0 ms\. p95: 8\.0 ms, max 8\.0 ms\. p99: 20 ms, max 20 ms"/,
  );
  assert.match(page, /limit <b>100 MB<\/b>/);
});

test('every value stands in a table, newest first', () => {
  const page = metricsPage(metrics, 3000, untranslated).html;
  const rows = [...page.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row]) =>
    [...(row ?? '').matchAll(/<td>(.*?)<\/td>/g)].map(([, cell]) => cell),
  );
  assert.deepEqual(rows[1], ['40 %', '80 MB']);
  assert.deepEqual(rows[3], ['–', '60 MB']);
});

const answers = {
  ...{ requests: [null, 3, 5, 7], errors: [null, 0, 0, 1] },
  ...{ p50: [null, 1, 2, 3], p95: [null, 4, 5, 6], p99: [null, 7, 8, 9] },
};
const [web] = metrics.processes as [AppMetrics['processes'][number]];
const [home] = metrics.routes as [AppMetrics['routes'][number]];
/** Sections, as deep as they stand, and the titles of what is in them. */
const outline = (shown: AppMetrics): string[] => {
  let deep = 0;
  return [
    ...metricsPage(shown, 3000, untranslated).html.matchAll(
      /<(\/?section|h[23]|figcaption|p class="empty")[^>]*>([^<]*)/g,
    ),
  ].flatMap(([, tag = '', text = '']) => {
    if (tag.endsWith('section')) deep += tag === 'section' ? 1 : -1;
    return tag.endsWith('section') ? [] : [`${'  '.repeat(deep - 1)}${tag.slice(0, 2)} ${text.trim()}`];
  });
};
const charted = (...titles: string[]): string[] => titles.map((title) => `fi ${title}`);

test('each process tells what it uses and answers; its routes stand in it when there are several', () => {
  const worker = { ...web, process: 'worker' };
  const routes = [
    { ...home, process: 'web' },
    { ...home, path: '/api', process: 'web' },
    { ...home, path: '/old' },
  ];
  const several = { ...metrics, processes: [{ ...web, answers }, worker], routes };
  assert.deepEqual(outline(several), [
    'h2 Process web',
    ...charted('CPU', 'Memory', 'Requests', 'Latency'),
    '  h3 Route shop.example.com',
    ...charted('Requests', 'Latency').map((line) => `  ${line}`),
    '  h3 Route shop.example.com/api',
    ...charted('Requests', 'Latency').map((line) => `  ${line}`),
    'h2 Process worker',
    ...charted('CPU', 'Memory'),
    'h2 Route shop.example.com/old',
    ...charted('Requests', 'Latency'),
  ]);
  const one = { ...several, processes: [{ ...web, answers }], routes: routes.slice(0, 1) };
  assert.deepEqual(outline(one), ['h2 Process web', ...charted('CPU', 'Memory', 'Requests', 'Latency')]);
  const page = metricsPage(one, 3000, untranslated).html;
  const heads = [...page.matchAll(/<th scope="col">(.*?)<\/th>/g)].map(([, head]) => head);
  const requests = ['Requests all', 'Requests errors'];
  assert.deepEqual(heads, ['Time', 'CPU', 'Memory', ...requests, 'Latency p50', 'Latency p95', 'Latency p99']);
  assert.match(page, /<td>40 %<\/td><td>80 MB<\/td><td>7\.0\/s<\/td><td>1\.0\/s<\/td><td>3\.0 ms<\/td>/);
  assert.match(page, /<table aria-label="Process web">/);
});

test('a server that tells no answers of processes has its routes shown as they are', () => {
  assert.deepEqual(outline(metrics), [
    'h2 Process web',
    ...charted('CPU', 'Memory'),
    'h2 Route shop.example.com',
    ...charted('Requests', 'Latency'),
  ]);
});

test('a process that nobody asked says so instead of showing empty curves', () => {
  const none = at.map(() => null);
  const silent = { requests: none, errors: none, p50: none, p95: none, p99: none };
  assert.deepEqual(outline({ ...metrics, processes: [{ ...web, answers: silent }], routes: [] }), [
    'h2 Process web',
    ...charted('CPU', 'Memory'),
    'p  No requests were measured in this time.',
  ]);
});

test('names of an app can not become markup', () => {
  const evil: AppMetrics = {
    ...metrics,
    processes: [{ ...(metrics.processes[0] as AppMetrics['processes'][0]), process: '"><img src=x onerror=alert(1)>' }],
  };
  const page = metricsPage(evil, 3000, untranslated).html;
  assert.doesNotMatch(page, /<img/);
  assert.match(page, /&quot;&gt;&lt;img/);
  assert.equal(html`<a title="${'\'"<&'}">`.html, '<a title="&#39;&quot;&lt;&amp;">');
});

test('nothing measured yet is said', () => {
  const empty = { ...metrics, processes: [], routes: [] };
  assert.match(metricsPage(empty, 3000, untranslated).html, /Nothing was measured yet.*15 seconds/);
});

test('a scale ends at a round number', () => {
  assert.deepEqual([0, 0.03, 1, 1.1, 3, 60, 512e6].map(niceTop), [1, 0.05, 1, 2, 5, 100, 1e9]);
});
