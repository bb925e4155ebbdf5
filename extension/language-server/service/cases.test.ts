/**
 * The tables of cases in `test/fixtures/language`: a manifest with the cursor marked by a bar, and what a feature has to
 * answer there. Written by hand: what is expected is what a person would want.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { expectations } from './expectations.ts';

interface Case {
  file: string;
  title: string;
  text: string;
  feature: string;
  expected: string[];
}

const folder = new URL('../../../test/fixtures/language/', import.meta.url);
const cases = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .flatMap((file) => {
    const [, ...parts] = readFileSync(new URL(file, folder), 'utf8').split(/^=== /m);
    return parts.flatMap((part): Case[] => {
      const titleEnd = part.indexOf('\n');
      const title = part.slice(0, titleEnd);
      const [body = '', ...asked] = part.slice(titleEnd + 1).split(/^>>> /m);
      const text = title.endsWith('(CRLF)') ? body.replaceAll('\n', '\r\n') : body;
      return asked.map((answer) => {
        const [feature = '', ...expected] = answer.replace(/\n+$/, '').split('\n');
        return { file, title, text, feature, expected };
      });
    });
  });

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
