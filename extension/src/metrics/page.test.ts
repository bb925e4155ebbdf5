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
