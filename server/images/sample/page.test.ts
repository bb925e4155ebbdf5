import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeHtml, page } from './page.ts';

const entry = { name: `<b>"Ada"</b>`, message: `'><script>alert(1)</script>`, at: Date.UTC(2026, 0, 2, 3, 4) };

test('what visitors wrote is text, never markup', () => {
  const html = page({ release: '<7>', visits: 1, entries: [entry], problem: '<i>no</i>' });
  for (const markup of ['<b>"Ada"', '<script', '<i>no', '<7>']) assert.ok(!html.includes(markup), markup);
  assert.ok(html.includes('&lt;script&gt;alert(1)&lt;/script&gt;'));
  assert.equal(escapeHtml(`&<>"'`), '&amp;&lt;&gt;&quot;&#39;');
});

test('it tells release, entries, visits and when', () => {
  const html = page({ release: '7', visits: 12, entries: [entry, entry] });
  assert.match(html, /<b id="release">7<\/b>/);
  assert.match(html, /<b>2 entries<\/b>/);
  assert.match(html, /<b>12<\/b> visits/);
  assert.match(html, /<time datetime="2026-01-02T03:04:00\.000Z">2 Jan 2026, 03:04 UTC/);
});

test('without a volume nothing is said of visits; without entries somebody is invited', () => {
  const html = page({ release: '1', visits: undefined, entries: [] });
  assert.doesNotMatch(html, /visit/);
  assert.match(html, /Be the first/);
});

test('it needs nothing from elsewhere', () => {
  assert.doesNotMatch(page({ release: '1', visits: 1, entries: [entry] }), /https?:|src=|@import|url\(/);
});
