import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { type Completion, complete } from './complete.ts';

function completeAt(marked: string): Completion[] {
  return complete(parseManifestDocument(marked.replace('|', '')), marked.indexOf('|'));
}

/** The text after a completion was chosen, its cursor mark and placeholders filled. */
function chosen(marked: string, label: string): string {
  const text = marked.replace('|', '');
  const completion = completeAt(marked).find((each) => each.label === label);
  assert.ok(completion, `${label} is not offered`);
  const [start, end] = completion.span;
  const body = completion.snippet
    .replace('$0', '')
    .replace(/\$\{\d:([^}]*)\}/g, '$1')
    .replace(/\\([$}\\])/g, '$1');
  let result = text.slice(0, start) + body + text.slice(end);
  for (const { offset, newText } of completion.extra) result = result.slice(0, offset) + newText + result.slice(offset);
  return result;
}

const styles: [name: string, text: string][] = [
  ['2 spaces', 'name: shop\n|'],
  ['4 spaces', 'name: shop\nresources:\n    pids: 100\n|'],
  ['indented lists', 'name: shop\nsecrets:\n  - A\n|'],
  ['wide dashes', 'name: shop\nsecrets:\n    -   A\n|'],
  ['CRLF', 'name: shop\r\n|\r\n'],
  ['between other keys', 'name: shop\n|\nenvironment: staging\n'],
  ['braces', '{ name: shop, | }'],
  ['JSON', '{\n  "name": "shop",\n  |\n}'],
  ['JSON in quotes', '{\n  "name": "shop",\n  "|"\n}'],
  ['JSON without a comma', '{\n  "name": "shop"\n  |\n}'],
  ['JSON before another key', '{\n  "name": "shop",\n  |\n  "environment": "staging"\n}'],
];

for (const [name, text] of styles) {
  test(`what is chosen makes no syntax error: ${name}`, () => {
    for (const { label } of completeAt(text)) {
      const result = chosen(text, label);
      assert.deepEqual(parseManifestDocument(result).doc.errors, [], `${label}\n${result}`);
    }
  });

  test(`a section that is chosen is right as it is: ${name}`, () => {
    const sections = completeAt(text).filter(({ kind }) => kind === 'snippet');
    assert.ok(sections.length >= 10, `only ${sections.length}`);
    for (const { label } of sections) {
      if (label.startsWith('forward') || label.startsWith('healthcheck')) continue;
      const result = chosen(text, label);
      const errors = parseManifestDocument(result).diagnostics.filter(({ severity }) => severity === 'error');
      assert.deepEqual(errors, [], `${label}\n${result}`);
    }
  });
}

test('a key is offered until it is there', () => {
  const labels = (text: string) => completeAt(text).map(({ label }) => label);
  assert.ok(labels('name: a\n|').includes('image'));
  assert.ok(!labels('name: a\nimage: b:1\n|').includes('image'));
  assert.ok(!labels('image: b:1\n|').includes('forward'), 'a forward runs nothing');
  assert.deepEqual(labels('forward:\n  port: 1\n|').sort(), ['environment', 'name', 'version']);
});

for (const [fileName, json] of [
  ['cloud_manifest.yml', false],
  ['cloud_manifest.json', true],
] as const) {
  test(`an empty ${fileName} may become a whole manifest in its own form`, () => {
    for (const [text, offset] of [
      ['', 0],
      ['\n', 1],
      ['  ', 2],
    ] as const) {
      const items = complete(parseManifestDocument(text, { fileName }), offset).filter(({ path }) => path.length === 0);
      assert.equal(items.length, 4);
      for (const { label, snippet } of items) {
        const chosen = text + snippet.replace(/\$\{\d:([^}]*)\}/g, '$1');
        const { diagnostics } = parseManifestDocument(chosen, { fileName });
        assert.deepEqual(
          diagnostics.filter(({ severity }) => severity !== 'hint'),
          [],
          `${label}\n${chosen}`,
        );
        assert.equal(isJson(chosen), json, chosen);
      }
    }
  });
}

test('nothing of YAML is offered in a file of JSON in which nothing is yet', () => {
  const items = complete(parseManifestDocument('', { fileName: 'cloud_manifest.json' }), 0);
  for (const { snippet } of items) assert.match(snippet, /^\{/);
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
