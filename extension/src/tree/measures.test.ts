import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpu, memory, sparkline } from './measures.ts';

test('memory and processor time are short', () => {
  assert.deepEqual([0, 999, 1000, 64e6, 999.6e6, 1.44e9, 12e9].map(memory), [
    '0 B',
    '999 B',
    '1.0 kB',
    '64 MB',
    '1.0 GB',
    '1.4 GB',
    '12 GB',
  ]);
  assert.deepEqual([0, 0.0004, 0.004, 0.034, 0.5, 1.5].map(cpu), ['0 %', '0 %', '0.4 %', '3 %', '50 %', '150 %']);
});

test('a sparkline has a block for every value, gaps as spaces, and the highest as a full block', () => {
  assert.equal(sparkline([0, 5, null, 10], 0), '▁▅ █');
  assert.equal(sparkline([0, 0], 0), '▁▁');
  assert.equal(sparkline([], 10), '');
  assert.equal(sparkline([9, 1, 1], 0, 2), '██', 'only what is shown counts for its height');
  assert.equal(sparkline([0.001, 0.002], 0.1), '▁▁', 'next to nothing looks like nothing');
});
