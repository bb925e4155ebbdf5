import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Release } from 'minicloud-shared/model/release';
import { untranslated } from '../translate.ts';
import { releaseText } from './release-text.ts';

const release: Release = {
  app: 'shop',
  version: 2,
  state: 'current',
  image: 'shop:2',
  digest: 'sha256:abc',
  reason: 'deploy',
  by: 'me',
  createdAt: 0,
  receipt: {
    totalMs: 1500,
    probes: { sent: 4, failed: 3 },
    digest: 'sha256:abc',
    steps: [{ name: 'await-healthy', object: 'shop', ms: 1500 }],
  },
};

test('what was measured is told of a release that failed, too, and not as if it served', () => {
  assert.match(releaseText(release, untranslated), /1\.50 s from the first step to serving\n/);
  const failed = releaseText({ ...release, state: 'failed' }, untranslated);
  assert.match(failed, /1\.50 s from the first step to its failure\n.*4 requests sent during the switch, 3 failed\n/);
  assert.match(failed, /1\.50 s {2}await-healthy shop\n/);
});
