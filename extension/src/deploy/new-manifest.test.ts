import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from 'minicloud-shared/manifest/parse';
import { appNameFrom, manifestFor } from './new-manifest.ts';

const names: [folder: string, app: string][] = [
  ['guestbook', 'guestbook'],
  ['My Shop (2024)', 'my-shop-2024'],
  ['42 things', 'things'],
  ['Café', 'cafe'],
  ['日本', 'myapp'],
  ['x', 'myapp'],
  [`${'a'.repeat(39)}-b`, 'a'.repeat(39)],
];
for (const [folder, app] of names) {
  test(`folder ${folder} makes a manifest without faults for ${app}`, () => {
    assert.equal(appNameFrom(folder), app);
    assert.deepEqual(parseManifest(manifestFor(folder)).diagnostics, []);
  });
}
