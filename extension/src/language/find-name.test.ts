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
