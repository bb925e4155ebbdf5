import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Events } from '../platform/events.ts';
import { createDenials } from './denials.ts';

function parts() {
  let now = 1_000_000;
  const written: { by: string; what: string }[] = [];
  const events = {
    append: async (entry: { by: string; body: { what: string } }) => {
      written.push({ by: entry.by, what: entry.body.what });
    },
  } as unknown as Events;
  const denials = createDenials(events, { now: () => now });
  return {
    denials,
    written,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test('the same refusal is written once a minute, and the next entry says how many there were', async () => {
  const { denials, written, pass } = parts();
  for (let n = 0; n < 500; n += 1) await denials.record('ci', 'apps.delete');
  assert.deepEqual(written, [{ by: 'ci', what: 'apps.delete' }]);
  pass(61_000);
  await denials.record('ci', 'apps.delete');
  assert.deepEqual(written[1], { by: 'ci', what: 'apps.delete; 499 more were refused since the last entry' });
});

test('ten thousand different refusals leave a hundred entries, and one more a minute', async () => {
  const { denials, written, pass } = parts();
  for (let n = 0; n < 10_000; n += 1) await denials.record(`unknown from 10.0.${n >> 8}.${n & 255}`, 'a token');
  assert.equal(written.length, 100);
  pass(60_000);
  for (let n = 0; n < 10; n += 1) await denials.record(`later ${n}`, 'a token');
  assert.equal(written.length, 101);
  assert.match(written[100]?.what ?? '', /; 9900 more were refused/);
});

test('a quiet day does not save up more than a hundred', async () => {
  const { denials, written, pass } = parts();
  pass(86_400_000);
  for (let n = 0; n < 1000; n += 1) await denials.record(`somebody ${n}`, 'a token');
  assert.equal(written.length, 100);
});
