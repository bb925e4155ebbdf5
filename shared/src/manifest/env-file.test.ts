import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEnvFile } from './env-file.ts';

test('values as they stand, and nothing that is guessed', () => {
  const { values, problems } = readEnvFile(
    [
      '# comment',
      'export A=plain # not this',
      'B="two\\nlines"',
      "C='$5 and #1'",
      'D=',
      'A2=$A-more',
      'E="$A"',
      'A=later',
    ].join('\n'),
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(Object.fromEntries(values), {
    ...{ A: 'later', B: 'two\nlines', C: '$5 and #1', D: '', A2: 'plain-more', E: 'plain' },
  });
});

test('what would be another value elsewhere is a problem, by name alone', () => {
  const { values, problems } = readEnvFile('PASSWORD=hunter$ecret\nA.B=x\nOK=1\n');
  assert.deepEqual([...values.keys()], ['OK']);
  assert.match(problems[0] ?? '', /^PASSWORD names \$ecret, which the file does not set; .*single quotes/);
  assert.match(problems[1] ?? '', /^A\.B can not be/);
  assert.doesNotMatch(problems.join(), /hunter/);
  assert.match(readEnvFile('no such line\n').problems[0] ?? '', /no NAME=value/);
});
