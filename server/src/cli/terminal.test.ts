import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { UsageProblem } from './exit-codes.ts';
import { createScreen } from './screen.ts';
import { readAll, typeSecret } from './terminal.ts';

test('a secret is typed, mended and pasted', () => {
  assert.deepEqual(typeSecret('', 'abc'), { typed: 'abc', state: 'typing' });
  assert.deepEqual(typeSecret('abc', '\u007f\u007fx\r'), { typed: 'ax', state: 'done' });
  assert.deepEqual(typeSecret('abc', '\u0015new\n'), { typed: 'new', state: 'done' });
  assert.deepEqual(typeSecret('', '\u001b[200~mc_user_x\u001b[201~\r'), { typed: 'mc_user_x', state: 'done' });
  assert.deepEqual(typeSecret('a', '\u001b[D\u001b[3~b'), { typed: 'ab', state: 'typing' });
});

test('Ctrl-C forgets it, Ctrl-D ends it', () => {
  assert.deepEqual(typeSecret('abc', '\u0003'), { typed: '', state: 'cancelled' });
  assert.equal(typeSecret('', '\u0004').state, 'cancelled');
  assert.equal(typeSecret('abc', '\u0004').state, 'done');
});

test('standard input is bounded', async () => {
  assert.equal(await readAll(Readable.from([Buffer.from('ab'), Buffer.from('c')]), 3), 'abc');
  await assert.rejects(readAll(Readable.from([Buffer.alloc(4)]), 3), UsageProblem);
});

test('colours are for terminals, unless they are asked for or refused', () => {
  const color = (isTTY: boolean, env: NodeJS.ProcessEnv, noColor = false) =>
    createScreen({ isTTY, write: () => true }, env, { noColor }).color;
  assert.equal(color(true, {}), true);
  assert.equal(color(false, {}), false);
  assert.equal(color(true, { NO_COLOR: '1' }), false);
  assert.equal(color(true, { NO_COLOR: '' }), true);
  assert.equal(color(true, {}, true), false);
  assert.equal(color(true, { TERM: 'dumb' }), false);
  assert.equal(color(false, { FORCE_COLOR: '1' }), true);
  assert.equal(color(true, { FORCE_COLOR: '0' }), false);
  assert.equal(color(true, { FORCE_COLOR: '1', NO_COLOR: '1' }), false);
});

test('pipes get whole lines, terminals their width', () => {
  assert.equal(createScreen({ write: () => true }, {}).columns, Number.POSITIVE_INFINITY);
  assert.equal(createScreen({ isTTY: true, columns: 44, write: () => true }, {}).columns, 44);
  assert.equal(createScreen({ isTTY: true, columns: 0, write: () => true }, {}).columns, 80);
  assert.equal(createScreen({ isTTY: true, write: () => true }, { LANG: 'C' }).unicode, false);
});
