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
  assert.match(problems[0] ?? '', /^PASSWORD has a \$ .* which the file does not set; .*single quotes/);
  assert.match(problems[1] ?? '', /^A\.B can not be/);
  assert.doesNotMatch(problems.join(), /hunter|ecret/);
  assert.match(readEnvFile('no such line\n').problems[0] ?? '', /no NAME=value/);
});

test('lines that set nothing are named by their number, and no other is', () => {
  const text = ['# comment', '', 'A="two', 'lines" # more', 'broken line', 'ALONE', "B='x'", '  # indented', 'C=1'];
  const { values, problems, unread } = readEnvFile(text.join('\r\n'));
  assert.deepEqual(unread, [5, 6]);
  assert.deepEqual([...values.keys()], ['A', 'B', 'C']);
  assert.deepEqual(problems, ['line 5 is no NAME=value line', 'line 6 is no NAME=value line']);
});

test('a value that is cut, because nothing quotes it well, leaves a line that is told', () => {
  const cut = [
    "A='it\\'s-long'",
    'A="ab"cdef',
    'A="abc',
    'KEY=-----BEGIN KEY-----\nabcdEFGH==\nx/y+z\n-----END KEY-----',
  ];
  for (const text of cut) assert.ok(readEnvFile(`${text}\nB=1\n`).unread.length > 0, text);
});

test('values are those that Compose reads', () => {
  const { values, problems } = readEnvFile(
    ['A=#abc', 'B="pa\\ss"', 'C="a\\$b"', 'D=x #y', 'E="C:\\dir"', 'F="\\"q\\\\"'].join('\n'),
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(Object.fromEntries(values), {
    ...{ A: '#abc', B: 'pa\\ss', C: 'a$b', D: 'x', E: 'C:\\dir', F: '"q\\' },
  });
});
