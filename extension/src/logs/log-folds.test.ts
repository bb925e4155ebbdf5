import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logFolds } from './log-folds.ts';
import { logText } from './log-text.ts';

const lines = (...texts: [text: string, release?: number][]): string[] =>
  logText(
    texts.map(([text, release = 1], at) => ({ at, text, release, process: 'web', replica: '1', stream: 'stdout' })),
  ).split('\n');

test('a stack trace folds below its message', () => {
  const text = lines(
    ['listening'],
    ['TypeError: no'],
    ['    at run (/app/server.js:10:5)'],
    ['    at main (/app/server.js:2:1)'],
    ['next'],
    ['Traceback (most recent call last):'],
    ['  File "/app/x.py", line 3'],
    ['ValueError: x'],
  );
  assert.deepEqual(logFolds(text), [
    { start: 1, end: 3 },
    { start: 5, end: 6 },
  ]);
});

test('everything after the rule of a release folds below it, up to the next one', () => {
  const text = lines(['a'], ['b', 2], ['c', 2], ['d', 3], ['  e', 3]);
  assert.deepEqual(logFolds(text), [
    { start: 1, end: 3 },
    { start: 4, end: 6 },
    { start: 5, end: 6 },
  ]);
});

test('no lines, no folds', () => {
  assert.deepEqual(logFolds(['']), []);
  assert.deepEqual(logFolds([]), []);
});
