/** What the editor takes as data beside the language service has to speak of the same language. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseManifest } from 'minicloud-shared/manifest/parse';
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

test('every snippet is a manifest without a fault', () => {
  const snippets = Object.entries(
    read('snippets/cloud-manifest.json') as Record<string, { prefix: string[]; description: string; body: string[] }>,
  );
  assert.ok(snippets.length >= 4);
  for (const [name, { prefix, description, body }] of snippets) {
    const text = body
      .join('\n')
      .replace(/\$\{\d:([^}]*)\}/g, '$1')
      .replace('$0', '');
    const faults = parseManifest(text).diagnostics.filter(({ severity }) => severity === 'error');
    assert.deepEqual(faults, [], `${name}\n${text}`);
    assert.ok(prefix.length > 0 && description.endsWith('.'), name);
  }
});
