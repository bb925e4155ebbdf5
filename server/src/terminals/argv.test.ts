import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownArgv } from './argv.ts';

test('a command line is shown without what is secret in it', () => {
  const table: [string[], string[]][] = [
    [['bash'], ['bash']],
    [
      ['ls', '-la', '/srv'],
      ['ls', '-la', '/srv'],
    ],
    [
      ['mysql', '-uroot', '-phunter22'],
      ['mysql', '-uroot', '-p… (8 characters)'],
    ],
    [
      ['tool', '--password=hunter22'],
      ['tool', '--password=… (8 characters)'],
    ],
    [
      ['tool', '--api-key', 'abcdefgh'],
      ['tool', '--api-key', '… (8 characters)'],
    ],
    [
      ['env', 'DB_PASSWORD=hunter22', 'PORT=80', 'true'],
      ['env', 'DB_PASSWORD=… (8 characters)', 'PORT=80', 'true'],
    ],
    [
      ['redis-cli', '-a', 'hunter22'],
      ['redis-cli', '-a', '… (8 characters)'],
    ],
    [
      ['curl', 'https://me:hunter22@example.com/'],
      ['curl', 'http… (32 characters)'],
    ],
    [
      ['echo', '\u001b[2J\u202e'],
      ['echo', '\ufffd[2J\ufffd'],
    ],
    [
      ['mkdir', '-p', 'folder'],
      ['mkdir', '-p', 'folder'],
    ],
  ];
  for (const [argv, shown] of table) assert.deepEqual(shownArgv(argv), shown);
  assert.equal(shownArgv(Array.from({ length: 80 }, () => 'x')).length, 51);
  assert.equal(shownArgv(['x'.repeat(1000)])[0]?.length, 201);
});
