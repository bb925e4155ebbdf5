/** The formatter over manifests that nobody wrote: it changes no meaning, loses no comment, and has the last word. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { applied, format } from './format.ts';
import { generated, seeded } from './generated.ts';

const seeds = 200;
const meaning = (text: string): unknown => parseManifestDocument(text).doc.toJS();
const comments = (text: string): string[] =>
  [...text.matchAll(/(?:^|\s)(# (?:about \w+|at the margin|why))/gm)].map(([, comment]) => comment ?? '');

test('over generated manifests: same meaning, same comments, done at once', () => {
  let readable = 0;
  let changed = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const text = generated(seeded(seed));
    const document = parseManifestDocument(text);
    if (document.doc.errors.length > 0) continue;
    readable += 1;
    for (const size of [2, 4]) {
      const edits = format(document, { size });
      const next = applied(text, edits);
      if (edits.length > 0) changed += 1;
      assert.deepEqual(meaning(next), meaning(text), `seed ${seed}\n${text}\n---\n${next}`);
      assert.deepEqual(comments(next), comments(text), `seed ${seed}`);
      assert.deepEqual(
        format(parseManifestDocument(next), { size }),
        [],
        `seed ${seed} is not done\n${text}\n---\n${next}`,
      );
      assert.equal(/\r(?!\n)/.test(next), false);
      assert.equal(next.includes('\r\n'), text.includes('\r\n'), `seed ${seed}: line ends`);
      for (const [index, edit] of edits.entries()) {
        assert.ok(edit.span[0] >= (edits[index - 1]?.span[1] ?? 0), `seed ${seed}: edits overlap`);
      }
    }
  }
  assert.ok(readable > seeds * 0.95, `only ${readable} could be read`);
  assert.ok(changed > readable * 1.9, `only ${changed} of ${readable * 2} were put in order`);
});

test('only the lines that were asked for', () => {
  const text = 'name:   shop\nenv:   { A:   b }\nimage:   c:1\n';
  const edits = format(parseManifestDocument(text), { lines: { from: 1, to: 1 } });
  assert.equal(applied(text, edits), 'name:   shop\nenv: { A: b }\nimage:   c:1\n');
});

test('an edit holds no more than what changes', () => {
  const text = 'name: shop\nimage:    nginx:1\n';
  assert.deepEqual(format(parseManifestDocument(text)), [{ span: [18, 21], newText: '' }]);
});
