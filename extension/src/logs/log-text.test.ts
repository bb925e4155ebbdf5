import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logText, withoutControls } from './log-text.ts';

test('a line has its time, process, release and stream', () => {
  const line = { at: 0, process: 'web', replica: 'r1', release: 3, stream: 'stderr' as const, text: 'boom' };
  assert.equal(logText([line]), '1970-01-01T00:00:00.000Z  web r3 ! boom\n');
});

const hostile: [name: string, text: string, shown: string][] = [
  ['colours', '\u001b[31mred\u001b[0m', 'red'],
  ['a link in disguise', '\u001b]8;;http://evil\u0007click\u001b]8;;\u0007', 'click'],
  ['a second line', 'one\nERROR two\r', 'oneERROR two'],
  ['reordered text', 'abc\u202edef', 'abcdef'],
  ['tabs stay', 'a\tb', 'a\tb'],
];
for (const [name, text, shown] of hostile) test(`log text: ${name}`, () => assert.equal(withoutControls(text), shown));
