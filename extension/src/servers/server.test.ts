import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUnprotected, parseServerUrl } from './server.ts';

const cases: [typed: string, expected: ReturnType<typeof parseServerUrl>][] = [
  ['http://127.0.0.1:9443', { url: 'http://127.0.0.1:9443' }],
  [' http://127.0.0.1:9443/ ', { url: 'http://127.0.0.1:9443' }],
  ['localhost', { url: 'http://localhost:9443' }],
  ['127.0.0.1:8000', { url: 'http://127.0.0.1:8000' }],
  ['[::1]:8000', { url: 'http://[::1]:8000' }],
  ['cloud.example.com', { url: 'https://cloud.example.com:9443' }],
  ['cloud.example.com:444', { url: 'https://cloud.example.com:444' }],
  ['https://cloud.example.com', { url: 'https://cloud.example.com' }],
  ['', { problem: 'empty' }],
  ['not a url', { problem: 'not-a-url' }],
  ['ftp://cloud.example.com', { problem: 'scheme' }],
  ['https://me:secret@cloud.example.com', { problem: 'credentials' }],
  ['https://cloud.example.com/?token=mc_1', { problem: 'credentials' }],
  ['https://cloud.example.com/api', { problem: 'path' }],
];

for (const [typed, expected] of cases) {
  test(`address ${JSON.stringify(typed)}`, () => assert.deepEqual(parseServerUrl(typed), expected));
}

test('only plain HTTP to another machine is unprotected', () => {
  assert.equal(isUnprotected('http://127.0.0.1:9443'), false);
  assert.equal(isUnprotected('http://localhost:9443'), false);
  assert.equal(isUnprotected('https://cloud.example.com'), false);
  assert.equal(isUnprotected('http://cloud.example.com'), true);
  assert.equal(isUnprotected('http://127.evil.example.com'), true);
});
