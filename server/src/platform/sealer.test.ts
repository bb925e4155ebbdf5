import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSealer, loadKeys } from './sealer.ts';

test('a sealed value opens at its own place only', () => {
  const sealer = createSealer(randomBytes(32));
  const sealed = sealer.seal('hunter2-and-more', 'bindings|a|password');
  assert.equal(sealer.open(sealed, 'bindings|a|password'), 'hunter2-and-more');
  assert.throws(() => sealer.open(sealed, 'bindings|b|password'), /could not be opened/);
  assert.ok(!Buffer.from(sealed, 'base64').toString('latin1').includes('hunter2'));
});

test('a changed ciphertext and another key do not open, and the error holds no value', () => {
  const sealer = createSealer(randomBytes(32));
  const sealed = Buffer.from(sealer.seal('topsecret', 'p'), 'base64');
  sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
  assert.throws(
    () => sealer.open(sealed.toString('base64'), 'p'),
    (error: Error) => !error.message.includes('topsecret'),
  );
  assert.throws(() => createSealer(randomBytes(32)).open(sealer.seal('topsecret', 'p'), 'p'));
});

test('the same value is sealed differently each time', () => {
  const sealer = createSealer(randomBytes(32));
  assert.notEqual(sealer.seal('x', 'p'), sealer.seal('x', 'p'));
});

test('the key is made once, for the owner alone, and a damaged one is refused', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'minicloud-key-')), 'secret.key');
  const key = await loadKeys(path);
  assert.deepEqual(await loadKeys(path), key);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await writeFile(path, 'short');
  await assert.rejects(loadKeys(path), /is damaged/);
});
