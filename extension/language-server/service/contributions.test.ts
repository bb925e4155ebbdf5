/** What the editor takes as data beside the language service has to speak of the same language. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { manifestSchema } from 'minicloud-shared/manifest/schema';
import { durationUnits, sizeUnits } from 'minicloud-shared/manifest/units';

const read = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')) as unknown;

interface Grammar {
  repository: Record<string, { match: string }>;
}
const { repository } = read('syntaxes/cloud-manifest.tmLanguage.json') as Grammar;
const rule = (name: string): RegExp => new RegExp(repository[name]?.match ?? '(?!)');

test('the grammar knows every section, in YAML and JSON', () => {
  for (const key of Object.keys(manifestSchema.shape)) {
    assert.match(`${key}: x`, rule('section'));
    assert.match(`  "${key}": 1`, rule('quotedSection'));
  }
  assert.doesNotMatch('nonsense: 1', rule('section'));
  assert.doesNotMatch('  name: 1', rule('section'), 'a key inside another one');
});

test('the grammar knows every unit', () => {
  for (const unit of [...Object.keys(sizeUnits), ...Object.keys(durationUnits), '%']) {
    assert.match(`memory: 10${unit}`, rule('quantity'));
  }
  assert.doesNotMatch('tag: 10mx', rule('quantity'));
});
