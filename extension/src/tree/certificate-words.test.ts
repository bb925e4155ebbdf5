import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untranslated } from '../translate.ts';
import { certificateLook } from './certificate-words.ts';

const day = 86_400_000;
const look = (kind: string, notAfter?: number) =>
  certificateLook({ kind, ...(notAfter === undefined ? {} : { notAfter }) }, 0, untranslated);

test('a certificate is told with its days, and warns by shape and words when they are few', () => {
  assert.deepEqual(look('none'), { icon: 'globe', words: 'no certificate' });
  assert.deepEqual(look('local'), { icon: 'lock', words: 'local certificate' });
  assert.deepEqual(look('local', 90 * day), { icon: 'lock', words: 'local certificate, 90 days left' });
  assert.equal(look('acme', 13 * day).icon, 'warning');
  assert.equal(look('acme', 1.5 * day).words, 'certificate, 1 day left');
  assert.equal(look('acme', 14 * day).icon, 'lock');
  assert.equal(look('acme', -1).icon, 'error');
  assert.match(look('acme', 0).words, /expired/);
});
