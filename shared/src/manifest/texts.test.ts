/** The small parts: schedules, masking, paths, positions, proposals. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scheduleFault } from './cron.ts';
import { looksLikeSecret, maskLine, maskValue, namedLikeSecret, showValue, visible } from './mask.ts';
import { formatPath, parsePath } from './path.ts';
import { applyFix, lineIndex, offsetAt, positionAt } from './source.ts';
import { closest, editDistance } from './suggest.ts';

test('schedules that can be read', () => {
  for (const text of [
    '0 3 * * *',
    '*/15 * * * *',
    '0 0 1,15 * *',
    '0 8-18/2 * * MON-FRI',
    '0 0 * jan sun',
    '0 0 29 2 *',
    '0 0 31 2 1',
    '0 0 * * 7',
  ]) {
    assert.equal(scheduleFault(text), undefined, text);
  }
});

test('schedules that can not', () => {
  const rows: [string, RegExp][] = [
    ['', /has 0/],
    ['* * * *', /has 4/],
    ['* * * * * *', /has 6/],
    ['60 * * * *', /minute goes from 0 to 59/],
    ['0 24 * * *', /hour/],
    ['0 0 0 * *', /day of the month/],
    ['0 0 * 13 *', /month/],
    ['0 0 * * 8', /day of the week/],
    ['0 0 * * MONDAY', /day of the week/],
    ['5-1 * * * *', /backwards/],
    ['*/0 * * * *', /step of 0/],
    ['5/10 * * * *', /no range/],
    ['1,,2 * * * *', /can not be read/],
    ['a * * * *', /minute/],
    ['0 0 30 2 *', /no month/],
    ['0 0 31 4,6 *', /no month/],
  ];
  for (const [text, why] of rows) assert.match(scheduleFault(text) ?? '', why, text);
});

/** Made up; each has the form of the real thing. */
const keys = [
  'sk_live_4eC39HqLyjWDarjtT1zdp7dc',
  'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
  'glpat-ABCdef1234567890abcd',
  'AKIAIOSFODNN7EXAMPLE',
  'xoxb-123456789012-abcdefGHIJ',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N',
  '-----BEGIN RSA PRIVATE KEY-----\nMIIE',
  'postgres://me:s3cr3tpw@db.example.com/x',
  'redis://:s3cr3tpw@cache.example.com/0',
  'mc_user_a1b2c3d4_Zm9vYmFyYmF6cXV4',
  'q8Zt3LxVb0Rn7Yw2Kd5Jf9Hs4Gp6Mc1T',
];

test('what has the form of a key is masked everywhere', () => {
  for (const key of keys) {
    assert.ok(looksLikeSecret(key), key);
    for (const shown of [
      showValue(key),
      maskValue(key),
      maskLine(`  A: ${key.split('\n')[0]}`),
      maskLine(`env: { A: "${key.split('\n')[0]}", B: c }`),
    ]) {
      assert.ok(!shown.includes(key.slice(4, 14)), `${key} in ${shown}`);
    }
  }
});

test('a masked line keeps its length, so that marks stay in place', () => {
  const line = 'env: { STRIPE: "sk_live_4eC39HqLyjWDarjtT1zdp7dc", ADMIN_PASSWORD: "hunter2hunter2", PORT: 80 }';
  const masked = maskLine(line);
  assert.equal(masked.length, line.length);
  assert.ok(masked.endsWith('PORT: 80 }'));
  assert.ok(!masked.includes('hunter2') && !masked.includes('4eC39'));
});

test('ordinary values are no keys', () => {
  for (const text of [
    'production',
    'https://example.com/a/long/path?with=query',
    '3b18e512dba79e4c8300dd08aeb37f8e728b8dad',
    '123e4567-e89b-12d3-a456-426614174000',
    'docker.io/library/postgres:17-alpine',
    'com.example.Application2.Configuration',
    'Europe/Amsterdam',
    'mysql://localhost/shop',
  ]) {
    assert.ok(!looksLikeSecret(text), text);
  }
  assert.ok(namedLikeSecret('DB_PASSWORD', 'correct horse'));
  assert.ok(namedLikeSecret('api_key', 'abcdef123'));
  assert.ok(namedLikeSecret('DB_PASSWORD', '123456'));
  assert.ok(namedLikeSecret('APP_SECRET', '/x9Kd+3bQ='));
  for (const [name, value] of [
    ['PASSWORD_FILE', '/run/secrets/x'],
    ['TOKEN_TTL', '30m'],
    ['DB_PASSWORD', 'false'],
    ['SECRET', ''],
    ['KEYBOARD', 'abcdefgh'],
    ['TOKEN', '3600s'],
  ] as const) {
    assert.ok(!namedLikeSecret(name, value), name);
  }
});

test('text from a manifest can not act on a terminal', () => {
  assert.equal(visible('a\u001b[31mb\u202ec\u200bd\u0007'), 'a\ufffd[31mb\ufffdc\ufffdd\ufffd');
  assert.equal(visible('grüße 👋'), 'grüße 👋');
  assert.equal(showValue('x'.repeat(60)), `"${'x'.repeat(40)}…"`);
});

test('paths are written and read back', () => {
  const rows: [(string | number)[], string][] = [
    [[], ''],
    [['expose', 0, 'port'], 'expose[0].port'],
    [['needs', 4, 'database', 'version'], 'needs[4].database.version'],
    [['env', 'a.b'], 'env["a.b"]'],
    [['env', '8080'], 'env["8080"]'],
    [['processes', 'my-web', 'command', 1], 'processes.my-web.command[1]'],
    [['env', 'a"]b'], 'env["a\\"]b"]'],
  ];
  for (const [path, text] of rows) {
    assert.equal(formatPath(path), text);
    assert.deepEqual(parsePath(text), path);
  }
});

test('offsets and positions are each other’s inverse, whatever ends a line', () => {
  const text = 'a\nbc\r\nd\re👋\n';
  const index = lineIndex(text);
  assert.deepEqual(index.starts, [0, 2, 6, 8, 12]);
  for (let offset = 0; offset <= text.length; offset++) {
    assert.equal(offsetAt(index, positionAt(index, offset)), offset);
  }
  assert.deepEqual(positionAt(index, 999), { line: 4, character: 0 });
  assert.deepEqual(positionAt(index, -5), { line: 0, character: 0 });
  assert.equal(offsetAt(index, { line: 99, character: 0 }), text.length);
});

test('a fix of several edits is applied as a whole', () => {
  const at = (line: number, from: number, to: number) => ({
    start: { line, character: from },
    end: { line, character: to },
  });
  const edits = [
    { range: at(0, 0, 1), newText: 'xx' },
    { range: at(1, 1, 1), newText: 'y' },
  ];
  assert.equal(applyFix('a\nb\n', { title: 'two', edits }), 'xx\nby\n');
});

test('the closest word, if one is close', () => {
  const known = ['expose', 'env', 'environment', 'needs', 'secrets', 'port'];
  const rows: [string, string | undefined][] = [
    ['expse', 'expose'],
    ['exopse', 'expose'],
    ['Needs', 'needs'],
    ['need', 'needs'],
    ['secret', 'secrets'],
    ['enviroment', 'environment'],
    ['envs', 'env'],
    ['prot', 'port'],
    ['x', undefined],
    ['database', undefined],
    ['e'.repeat(100), undefined],
  ];
  for (const [word, expected] of rows) assert.equal(closest(word, known), expected, word);
  assert.equal(editDistance('nmae', 'name'), 1);
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('kitten', 'sitting'), 3);
});
