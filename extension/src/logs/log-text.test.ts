import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logText, withoutControls, wordsIn } from './log-text.ts';

test('a line has its time, process, release and stream', () => {
  const line = { at: 0, process: 'web', replica: 'r1', release: 3, stream: 'stderr' as const, text: 'boom' };
  assert.equal(logText([line]), '1970-01-01T00:00:00.000Z  web.r1 r3 ! boom\n');
  assert.equal(wordsIn(logText([line]).trimEnd()), 'boom');
});

test('a newer release begins with a rule, and late words of the old one make none', () => {
  const line = (release: number, at: number) => ({
    ...{ at, release, process: 'web', replica: '', stream: 'stdout' as const, text: `of ${release}` },
  });
  const text = logText([line(1, 1), line(2, 2), line(1, 3), line(2, 4)]);
  assert.deepEqual(
    text.split('\n').map((each) => wordsIn(each) ?? each),
    ['of 1', '──────── r2 ────────', 'of 2', 'of 1', 'of 2', ''],
  );
});

const hostile: [name: string, text: string, shown: string][] = [
  ['colours', '\u001b[31mred\u001b[0m', 'red'],
  ['a link in disguise', '\u001b]8;;http://evil\u0007click\u001b]8;;\u0007', 'click'],
  ['a second line', 'one\nERROR two\r', 'oneERROR two'],
  ['reordered text', 'abc\u202edef', 'abcdef'],
  ['marks of direction, other ends of lines', 'a\u200eb\u200f\u061cc\u2028d\u2029', 'abcd'],
  ['tabs stay', 'a\tb', 'a\tb'],
];
for (const [name, text, shown] of hostile) test(`log text: ${name}`, () => assert.equal(withoutControls(text), shown));
