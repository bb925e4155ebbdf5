/**
 * The tables of cases in `test/fixtures/language`: a manifest with the cursor marked by a bar, and what a feature has to
 * answer there. Written by hand: what is expected is what a person would want.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { expectations } from './expectations.ts';
import { languageCases as cases } from './language-cases.ts';

/** The others answer about the whole file, in which a bar begins a text. */
const atCursor = ['complete', 'hover', 'signature', 'definition', 'references', 'rename', 'selection'];
const nameOf = (feature: string): string => feature.split(' ')[0] ?? '';

test('there are enough cases to mean something', () => {
  const marked = new Set(cases.filter(({ feature }) => atCursor.includes(nameOf(feature))).map(({ text }) => text));
  assert.ok(marked.size >= 200, `only ${marked.size} manifests with a cursor`);
});

for (const { file, title, text, feature, expected } of cases) {
  test(`${file}: ${title}: ${feature}`, () => {
    const marked = atCursor.includes(nameOf(feature));
    const bar = marked ? text.lastIndexOf('|') : 0;
    assert.ok(bar >= 0, 'the cursor is not marked');
    const manifest = marked ? text.slice(0, bar) + text.slice(bar + 1) : text;
    const expectation = expectations[nameOf(feature)];
    assert.ok(expectation, `there is no feature ${feature}`);
    assert.ok(expected.length > 0, 'nothing is expected');
    expectation(parseManifestDocument(manifest), bar, expected, feature.slice(nameOf(feature).length + 1));
  });
}
