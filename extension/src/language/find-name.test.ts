import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findName } from './find-name.ts';

/** The name in brackets marks where it has to be found. */
const found: readonly [why: string, marked: string][] = [
  ['the usual way', 'name: [shop]\nimage: a:1\n'],
  ['in quotes, behind others', 'version: 1\n"name" : "[shop]" # mine\n'],
  ['behind comments and the mark of a document', '# name: other\n---\nname: [shop]\n'],
  ['with a margin', '  image: a:1\n  name: [shop]\n'],
  ['CRLF', 'image: a:1\r\nname: [shop]\r\n'],
  ['not the name of a job', "jobs:\n  - schedule: '0 3 * * *'\n    name: nightly\nname: [shop]\n"],
  ['not the name of an entry in the compact form', 'jobs:\n- name: nightly\nname: [shop]\n'],
  ['JSON on one line', '{"version":1,"name":"[shop]"}'],
  ['JSON over lines', '{\n  "version": 1,\n  "name": "[shop]"\n}\n'],
  ['JSON, not the name of a job', '{"jobs":[{"name":"nightly"}],"env":{"name":"a, {b"},"name":"[shop]"}'],
  ['braces', "{ env: { A: 'it''s, name: x' }, name: [shop] }"],
  ['nothing behind the colon yet', 'name: []\nimage: a:1\n'],
  ['JSON, nothing in the quotes yet', '{ "name": "[]" }'],
];
for (const [why, marked] of found) {
  test(`a name: ${why}`, () => {
    const [, before = '', name = '', after = ''] = /^(.*)\[([a-z]*)\](.*)$/s.exec(marked) ?? [];
    const text = before + name + after;
    const expected = { start: before.length, end: before.length + name.length, ...(name ? { name } : {}) };
    assert.deepEqual(findName(text), expected);
  });
}

test('no name where there is none of the manifest itself', () => {
  for (const text of ['', '# name: a\n', 'jobs:\n- name: a\n', '{"jobs":[{"name":"a"}]}', '{', '"', 'image: a:1\n']) {
    assert.equal(findName(text), undefined, text);
  }
});

test('what is half typed is passed over: an apostrophe, a quote that nothing closes', () => {
  for (const text of ["{ env: { A: it's }, name: shop }", '{ image: "a:1, name: shop }', '{ "name: shop']) {
    assert.equal(findName(text)?.name, 'shop', text);
  }
});

const size = 256 * 1024;
/** Text that made a search go back and forth, or is of a kind that could. */
const nasty: readonly [why: string, text: string][] = [
  ['spaces before the first key', `${' '.repeat(size)}name: shop\n`],
  ['spaces on a line before it', `${' '.repeat(size)}\nname: shop\n`],
  ['a margin as wide as all that is read', `${' '.repeat(60_000)}image: a:1\n${' '.repeat(size)}name: shop\n`],
  ['spaces behind the key', `name${' '.repeat(size)}\nname: shop\n`],
  ['comments', '#\n'.repeat(size / 2)],
  ['marks of documents', '--- '.repeat(size / 4)],
  ['directives', `%${'%\n'.repeat(size / 2)}`],
  ['lines with margins', '    name\n'.repeat(size / 8)],
  ['escapes in a quote that nothing closes', `{${'"\\'.repeat(size / 2)}`],
  ['pairs of quotes', `{'${"''".repeat(size / 2)}`],
  ['both quotes in turn', `{${`"'`.repeat(size / 2)}`],
  ['open braces', '{'.repeat(size)],
  ['keys without a colon', `{${`name${' '.repeat(60)},`.repeat(size / 64)}`],
  ['keys and spaces', `{${`"name"${' '.repeat(50)}`.repeat(size / 56)}`],
  ['a name that does not end', `name: "${'a'.repeat(size)}`],
];
for (const [why, text] of nasty) {
  test(`a manifest of 256 KB is answered at once: ${why}`, () => {
    const began = performance.now();
    findName(text);
    // It takes 10 ms or so; a search that goes back and forth takes many seconds.
    assert.ok(performance.now() - began < 1000, `${Math.round(performance.now() - began)} ms`);
  });
}

test('a name is looked for in the first 64 KB', () => {
  const behind = (count: number) => findName(`#${'x'.repeat(count)}\nname: shop\n`)?.name;
  assert.deepEqual([behind(60_000), behind(70_000)], ['shop', undefined]);
});
