import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogLine } from 'minicloud-shared/model/system';
import { searchLines, wordsOf } from './search-lines.ts';

const lines = 'a b c ERROR1 d e - f g ERROR2 h ERROR3 i j k'
  .split(' ')
  .map((text, at): LogLine => ({ at, text, release: 1, process: 'web', replica: '1', stream: 'stdout' }));

test('matches come with the lines around them, each line once', () => {
  const { matches, groups } = searchLines(lines, /ERROR/);
  assert.equal(matches, 3);
  assert.deepEqual(
    groups.map((group) => group.map(({ text }) => text).join(' ')),
    ['b c ERROR1 d e', 'f g ERROR2 h ERROR3 i j'],
  );
  assert.deepEqual(searchLines(lines, /nothing/), { matches: 0, groups: [] });
  assert.deepEqual(searchLines(lines, /^a$/, 0).groups[0]?.length, 1);
});

test('words are taken as they stand, and /…/ as an expression', () => {
  assert.equal(wordsOf('a.b')?.test('A.B'), true);
  assert.equal(wordsOf('a.b')?.test('axb'), false);
  assert.equal(wordsOf('/a.b/')?.test('axb'), true);
  assert.equal(wordsOf('/a(/'), undefined);
  assert.equal(wordsOf('a(')?.test('a('), true);
});
