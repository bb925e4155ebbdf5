import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untranslated } from '../translate.ts';
import { names, refusal, textValue } from './words.ts';

test('one name more than is listed is told by its name, more are counted', () => {
  assert.equal(names(['A'], untranslated), 'A');
  assert.equal(names(['A', 'B', 'C', 'D'], untranslated), 'A, B, C, D');
  assert.equal(names(['A', 'B', 'C', 'D', 'E'], untranslated), 'A, B, C and 2 more');
});

test('the end of a single line is not part of a value, those of several are', () => {
  assert.equal(textValue('sk_live\n'), 'sk_live');
  assert.equal(textValue('sk_live\r\n'), 'sk_live');
  assert.equal(textValue('sk_live'), 'sk_live');
  assert.equal(textValue('-----BEGIN\nabc\n-----END\n'), '-----BEGIN\nabc\n-----END\n');
  assert.equal(textValue('\n'), '');
});

test('what no environment can hold is refused, and what is as large as may be is not', () => {
  assert.match(refusal('a\0b', 10, untranslated) ?? '', /byte 0/);
  assert.equal(refusal('ü'.repeat(512), 1024, untranslated), undefined);
  assert.equal(refusal('ü'.repeat(513), 1024, untranslated), 'A value has at most 1 KB; this has 2.');
});
