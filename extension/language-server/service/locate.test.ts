import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDocument } from 'yaml';
import { locateCursor, locateNode } from './locate.ts';

/** The cursor is where the bar is. */
const at = (text: string): { text: string; offset: number } => ({
  text: text.replace('|', ''),
  offset: text.indexOf('|'),
});

const cursors: [name: string, text: string, kind: string, path: (string | number)[]][] = [
  ['the first word of all', 'na|', 'value', []],
  ['a key below others', 'name: a\n|', 'key', []],
  ['a key of a map, 2 spaces', 'build:\n  type: static\n  |\n', 'key', ['build']],
  ['a key of a map, 4 spaces', 'build:\n    type: static\n    |\n', 'key', ['build']],
  ['a key in a compact list', 'expose:\n- port: 80\n  |\n', 'key', ['expose', 0]],
  ['a key in an indented list', 'expose:\n    -   port: 80\n        pro|\n', 'key', ['expose', 0]],
  ['a key between others', 'expose:\n- port: 80\n  |\n  path: /\n', 'key', ['expose', 0]],
  ['a key of the second entry, CRLF', 'expose:\r\n- port: 80\r\n- port: 81\r\n  |\r\n', 'key', ['expose', 1]],
  ['a key in braces', 'rollout: { strategy: rolling, | }', 'key', ['rollout']],
  ['a key that is being renamed', 'na|me: shop\n', 'key', []],
  ['a value', 'environment: |', 'value', ['environment']],
  ['a value that is begun', 'environment: sta|', 'value', ['environment']],
  ['a value with a hyphen', 'rollout: { strategy: stop-f| }', 'value', ['rollout', 'strategy']],
  ['an entry of a list', 'needs:\n- da|\n', 'value', ['needs', 0]],
  ['an entry in brackets', 'needs: [database, |', 'value', ['needs', 1]],
  ['under a key, nothing yet', 'build:\n  |\n', 'value', ['build']],
  ['under a key, as its first key', 'build:\n  |\n', 'key', ['build']],
  ['under a key, as its first entry', 'needs:\n  |\n', 'entry', ['needs', 0]],
  ['the next entry of a compact list', 'needs:\n- database\n|', 'entry', ['needs', 1]],
  ['the next entry of an indented list', 'expose:\n  - port: 80\n  |\nname: a\n', 'entry', ['expose', 1]],
  ['directly behind a dash', 'needs:\n-|\n', 'value', ['needs', 0]],
  ['directly behind a colon', 'environment:|\nname: a\n', 'value', ['environment']],
  ['the tag of an image', 'image: nginx:|\n', 'value', ['image']],
  ['in a quote that is not closed', 'image: "ngi|\nname: a\n', 'value', ['image']],
  ['a key of JSON', '{\n  "name": "a",\n  "|"\n}', 'key', []],
  ['a key above another one', 'name: a\nb|\nimage: c\n', 'key', []],
];
for (const [name, marked, kind, path] of cursors) {
  test(`cursor: ${name}`, () => {
    const { text, offset } = at(marked);
    const place = locateCursor(text, offset);
    const found = kind === 'key' ? place?.key?.map : kind === 'entry' ? place?.entry?.path : place?.value?.path;
    assert.deepEqual(found, path);
  });
}

test('siblings are the keys of the same map only, without the one being written', () => {
  const { text, offset } = at('name: a\nexpose:\n- port: 80\n  |\n  path: /\n- proto: tcp\n');
  assert.deepEqual(locateCursor(text, offset)?.key?.siblings, ['port', 'path']);
});

test('nothing is offered in a comment', () => {
  const { text, offset } = at('name: a # about |\n');
  assert.equal(locateCursor(text, offset), undefined);
});

test('the innermost key or value under an offset', () => {
  const { text, offset } = at('expose:\n- port: 80\n  domains: [a.example.com, b.exa|mple.com]\n');
  assert.deepEqual(locateNode(parseDocument(text), offset)?.path, ['expose', 0, 'domains', 1]);
  const key = at('expose:\n- po|rt: 80\n');
  const hit = locateNode(parseDocument(key.text), key.offset);
  assert.deepEqual([hit?.path, hit?.onKey], [['expose', 0, 'port'], true]);
});

test('what can not be is no place: a text that would run on, a key out of line', () => {
  const runOn = at('name: a\n  |\n');
  assert.equal(locateCursor(runOn.text, runOn.offset), undefined);
  const below = at('expose:\n  - port: 80\n  |\nname: a\n');
  assert.equal(locateCursor(below.text, below.offset)?.key, undefined);
});
