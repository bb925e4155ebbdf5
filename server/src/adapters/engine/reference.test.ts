import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isImageId, parseReference, repoDigest } from './reference.ts';

const digest = `sha256:${'0f'.repeat(32)}`;

test('short forms are spelled out', () => {
  const cases: [string, ReturnType<typeof parseReference>][] = [
    ['nginx', { repository: 'docker.io/library/nginx', tag: 'latest' }],
    ['nginx:1.27', { repository: 'docker.io/library/nginx', tag: '1.27' }],
    ['me/shop:2', { repository: 'docker.io/me/shop', tag: '2' }],
    ['docker.io/nginx', { repository: 'docker.io/library/nginx', tag: 'latest' }],
    ['127.0.0.1:5000/a/b/c', { repository: '127.0.0.1:5000/a/b/c', tag: 'latest' }],
    ['localhost/x:y', { repository: 'localhost/x', tag: 'y' }],
    [`ghcr.io/me/shop@${digest}`, { repository: 'ghcr.io/me/shop', digest }],
    [`ghcr.io/me/shop:2@${digest}`, { repository: 'ghcr.io/me/shop', digest }],
  ];
  for (const [text, expected] of cases) assert.deepEqual(parseReference(text), expected, text);
});

test('what is no name is refused, whatever it would do in a path', () => {
  for (const text of [
    '',
    ':',
    'UPPER',
    'a b',
    '../etc',
    'a/../b',
    'a//b',
    '/a',
    'a/',
    'a:',
    'a@sha256:12',
    `a@${digest}@${digest}`,
    'a?x=1',
    'a#b',
    'a%2fb',
    'http://a/b',
    'host:99999999/x',
    `a:${'t'.repeat(200)}`,
    'a'.repeat(600),
  ]) {
    assert.throws(() => parseReference(text), /can't be the name/, text);
  }
});

test('a digest is found under the name that was asked for, in both ways to write it', () => {
  const other = `sha256:${'1e'.repeat(32)}`;
  const known = [`ghcr.io/me/shop@${other}`, `nginx@${digest}`];
  assert.equal(repoDigest(known, 'docker.io/library/nginx'), digest);
  assert.equal(repoDigest(known, 'ghcr.io/me/shop'), other);
  assert.equal(repoDigest(known, undefined), other);
  assert.equal(repoDigest([], 'docker.io/library/nginx'), undefined);
});

test('an id is a whole digest', () => {
  assert.equal(isImageId(digest), true);
  assert.equal(isImageId(digest.slice(0, -1)), false);
  assert.equal(isImageId('nginx'), false);
});
