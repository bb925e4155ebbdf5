import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { writeResults } from './results.ts';
import { atMost, beside } from './row.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'minicloud-results-'));
after(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, 'results.json');
const read = () => JSON.parse(readFileSync(file, 'utf8')) as { name: string; value: number }[];

const idle = (value: number) => atMost({ name: 'idle', value, unit: 'MB', most: 100 });
const deploy = (value: number) => beside({ name: 'deploy', value, floor: 100, most: 2, bar: '≤ 2 ×' });

test('it is an array of rows with every field', () => {
  writeResults(file, [idle(40), deploy(150)], false);
  assert.deepEqual(read(), [
    { name: 'idle', value: 40, unit: 'MB', reference: null, ratio: null, bar: '≤ 100 MB', ok: true },
    { name: 'deploy', value: 150, unit: 'ms', reference: 100, ratio: 1.5, bar: '≤ 2 ×', ok: true },
  ]);
});

test('some benchmarks alone replace their own rows; all of them replace everything', () => {
  writeResults(file, [idle(40), deploy(150)], false);
  writeResults(file, [deploy(120), { ...idle(1), name: 'new' }], true);
  assert.deepEqual(
    read().map(({ name, value }) => [name, value]),
    [
      ['idle', 40],
      ['deploy', 120],
      ['new', 1],
    ],
  );
  writeResults(file, [idle(41)], false);
  assert.deepEqual(read().length, 1);
});

test('what is there and no such array is replaced', () => {
  for (const text of ['{"rows":[]}', 'no JSON']) {
    writeFileSync(file, text);
    writeResults(file, [idle(1)], true);
    assert.deepEqual(
      read().map(({ name }) => name),
      ['idle'],
    );
  }
});
