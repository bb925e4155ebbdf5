import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parseManifest } from 'minicloud-shared/manifest/parse';
import { sampleManifest } from './sample-manifest.ts';

test('the sample is offered where its image is, and says what the server’s own says', async () => {
  const text = sampleManifest({ images: ['nginx:1', 'evil.example.com/minicloud/sample:1', 'minicloud/sample:3f2a'] });
  assert.ok(text);
  const { manifest, diagnostics } = parseManifest(text);
  assert.ok(diagnostics.every(({ severity }) => severity === 'hint'));
  const own = parseManifest(
    await readFile(new URL('../../../server/images/sample/cloud_manifest.yml', import.meta.url), 'utf8'),
  ).manifest;
  assert.ok(manifest?.kind === 'container' && own);
  assert.equal(manifest.image, 'minicloud/sample:3f2a');
  assert.deepEqual({ ...manifest, name: '', image: '' }, { ...own, name: '', image: '' });
});

test('without its image there is none', () => {
  assert.equal(sampleManifest({ images: ['nginx:1'] }), undefined);
  assert.equal(sampleManifest(undefined), undefined);
});
