import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Release } from 'minicloud-shared/model/release';
import { untranslated } from '../translate.ts';
import { releaseManifestText, releaseText } from './release-text.ts';

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

test('what a release was made from is headed by what its manifest does not say', () => {
  const made = { ...release, manifest: 'name: shop\n' };
  assert.equal(releaseManifestText(made, untranslated), '# release 2: deploy\n# shop:2\n# sha256:abc\nname: shop\n');
  assert.match(releaseManifestText({ ...made, configVersion: 3 }, untranslated), /\n# config version 3\nname/);
});
