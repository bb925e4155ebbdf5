/** Commands that hold a secret, told from those that name one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandHoldsSecret } from './secrets.ts';

test('a command holds a secret when one follows what asks for it', () => {
  const rows: [argv: string[], holds: boolean][] = [
    [['serve', '--password', '123456'], true],
    [['serve', '--token', '/x9Kd'], true],
    [['serve', '--token=/x9Kd'], true],
    [['sh', '-c', 'serve --token /x9Kd'], true],
    [['sh', '-c', 'TOKEN=/x9Kd serve'], true],
    [['sh', '-c', 'make-token /etc/app && serve'], false],
    [['serve', '--token-file', '/run/token'], false],
    [['serve', '--token', 'off'], false],
    [['serve', '--token', '$TOKEN'], false],
  ];
  for (const [argv, holds] of rows) assert.equal(commandHoldsSecret(argv), holds, argv.join(' '));
});
