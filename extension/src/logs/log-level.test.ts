import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levelOf } from './log-level.ts';

const cases: [string, ReturnType<typeof levelOf>][] = [
  ['2026-01-01 ERROR something', 'error'],
  ['{"level":"error","msg":"x"}', 'error'],
  ['time=1 level=warning msg=x', 'warn'],
  ['TypeError: x is not a function', 'error'],
  ['2026/01/01 12:00:00 [error] 7#7: *1 open() failed', 'error'],
  ['2026/01/01 12:00:00 [notice] 1#1: start worker', 'info'],
  ['Traceback (most recent call last):', 'error'],
  ['INFO:     Uvicorn running, 0 errors', 'info'],
  ['WARN deprecated', 'warn'],
  ['GET /error 200', undefined],
  ['no errors found', undefined],
  ['listening on 80', undefined],
];

for (const [text, level] of cases)
  test(`${text} is ${level ?? 'of no level'}`, () => assert.equal(levelOf(text), level));
