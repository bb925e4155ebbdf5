import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untranslated } from '../translate.ts';
import { formatAge } from './age.ts';

const cases: [secondsAgo: number, expected: string][] = [
  [-5, 'just now'],
  [59, 'just now'],
  [60, '1 min ago'],
  [3_599, '59 min ago'],
  [3_600, '1 h ago'],
  [86_399, '23 h ago'],
  [172_800, '2 d ago'],
];
for (const [seconds, expected] of cases) {
  test(`${seconds} s is ${expected}`, () => assert.equal(formatAge(1e9 - seconds * 1000, 1e9, untranslated), expected));
}
