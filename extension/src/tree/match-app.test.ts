import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppSummary } from 'minicloud-shared/model/app';
import { matchesApp } from './match-app.ts';

const app: AppSummary = {
  id: '1',
  name: 'shop-api',
  kind: 'container',
  environment: 'staging',
  state: 'failed',
  image: 'docker.io/me/shop:2',
  urls: [{ url: 'https://api.example.com/', process: 'web', port: 80 }],
  createdAt: 0,
  updatedAt: 0,
};

test('every word has to be found, anywhere, in any case', () => {
  for (const filter of ['', ' ', 'shop', 'API shop', 'FAILED', 'staging api', 'example.com', 'me/shop:2']) {
    assert.equal(matchesApp(app, filter), true, filter);
  }
  for (const filter of ['shoap', 'shop running', 'production', 'shop-api web']) {
    assert.equal(matchesApp(app, filter), false, filter);
  }
});
