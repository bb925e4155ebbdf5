import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogLine } from 'minicloud-shared/model/system';
import { logLine } from './commands/logs.ts';
import { createSeam } from './log-follow.ts';
import { render } from './text.ts';

const line = (at: number, text: string, replica = '1'): LogLine => ({
  at,
  process: 'web',
  replica,
  release: 1,
  stream: 'stdout',
  text,
});

test('after a loss, lines that were given do not come again, and none in between is lost', () => {
  const seam = createSeam();
  const take = (lines: LogLine[]) => lines.filter(seam.isNew).map(({ text }) => text);
  const first = [line(1, 'a'), line(2, 'b'), line(2, 'b'), line(3, 'c')];
  assert.deepEqual(take(first), ['a', 'b', 'b', 'c'], 'a line that was written twice is shown twice');
  seam.again();
  assert.deepEqual(take([...first, line(3, 'c'), line(4, 'd')]), ['c', 'd'], 'the third c is a new one');
  seam.again();
  assert.deepEqual(take([line(4, 'd'), line(5, 'e')]), ['e']);
  assert.deepEqual(take([line(5, 'e')]), ['e'], 'while connected nothing is held back');
});

test('what was written before the following began stays out after a loss', () => {
  const seam = createSeam();
  assert.equal(seam.isNew(line(100_000, 'now')), true);
  seam.again();
  assert.equal(seam.isNew(line(50_000, 'an hour ago')), false);
  assert.equal(seam.isNew(line(99_000, 'late from another replica', '2')), true);
});

test('a long run is remembered in a bounded way', () => {
  const seam = createSeam();
  for (let at = 0; at < 50_000; at += 1) assert.equal(seam.isNew(line(at, `line ${at}`)), true);
  seam.again();
  const tail = Array.from({ length: 2_000 }, (_, index) => line(48_500 + index, `line ${48_500 + index}`));
  assert.equal(tail.filter(seam.isNew).length, 500);
});

test('before anything was given, there is no seam', () => {
  const seam = createSeam();
  seam.again();
  assert.equal(seam.begun(), false);
  assert.equal(seam.isNew(line(1, 'a')), true);
});

test('a log line is one line and harmless', () => {
  const shown = render(logLine(line(0, 'x\u001b[2J\u001b]0;t\u0007\u202E\ty'), true), true);
  assert.equal(shown.replace(/\u001b\[\d+m/g, ''), '1970-01-01T00:00:00.000Z web.1    x    y');
});
