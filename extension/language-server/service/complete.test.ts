import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { type Completion, complete } from './complete.ts';

function completeAt(marked: string, size = 2, eol = '\n'): Completion[] {
  return complete(marked.replace('|', ''), marked.indexOf('|'), { size, eol });
}

/** The text after a completion was chosen, its cursor mark gone. */
function chosen(marked: string, label: string, size = 2, eol = '\n'): string {
  const text = marked.replace('|', '');
  const completion = completeAt(marked, size, eol).find((each) => each.label === label);
  assert.ok(completion, `${label} is not offered`);
  const [start, end] = completion.span;
  return text.slice(0, start) + completion.snippet.replace('$0', '') + text.slice(end);
}

test('keys are offered once, required ones are marked', () => {
  const keys = completeAt('image: nginx:1\n|');
  assert.ok(keys.some(({ label, required }) => label === 'name' && required));
  assert.ok(!keys.some(({ label }) => label === 'image'));
});

const kept: [name: string, marked: string, label: string, size: number, eol: string, expected: string][] = [
  ['2 spaces', 'name: a\nbui|', 'build', 2, '\n', 'name: a\nbuild:\n  '],
  ['4 spaces', 'name: a\nbui|', 'build', 4, '\n', 'name: a\nbuild:\n    '],
  ['CRLF', 'name: a\r\nbui|', 'build', 2, '\r\n', 'name: a\r\nbuild:\r\n  '],
  ['a list begins at its key', 'name: a\nexp|', 'expose', 2, '\n', 'name: a\nexpose:\n- '],
  ['in a compact list', 'expose:\n- port: 80\n  dom|', 'domains', 2, '\n', 'expose:\n- port: 80\n  domains:\n  - '],
  [
    'in an indented list',
    'expose:\n    -   port: 80\n        res|',
    'path',
    4,
    '\n',
    'expose:\n    -   port: 80\n        path: ',
  ],
  [
    'in braces nothing breaks the line',
    'processes: { web: { | } }',
    'resources',
    2,
    '\n',
    'processes: { web: { resources:  } }',
  ],
  ['a key before its colon', 'nam|: shop', 'name', 2, '\n', 'name: shop'],
];
for (const [name, marked, label, size, eol, expected] of kept) {
  test(`indentation is kept: ${name}`, () => assert.equal(chosen(marked, label, size, eol), expected));
}

test('words are offered where a word is chosen, with the default named', () => {
  const words = completeAt('rollout: { strategy: | }');
  assert.deepEqual(words.map(({ label, detail }) => [label, detail]).slice(0, 3), [
    ['rolling', 'default'],
    ['steps', ''],
    ['stop-first', ''],
  ]);
});

test('entries of a list get their dash under the key, and no second one behind a dash', () => {
  assert.ok(completeAt('needs:\n  |\n').some(({ snippet }) => snippet.startsWith('- database')));
  assert.ok(completeAt('needs:\n- |\n').every(({ snippet }) => !snippet.startsWith('-')));
});

test('what is chosen at the top level makes no syntax error', () => {
  for (const { label } of completeAt('name: shop\n|')) {
    const { doc } = parseManifestDocument(chosen('name: shop\n|', label));
    assert.deepEqual(doc.errors, [], label);
  }
});
