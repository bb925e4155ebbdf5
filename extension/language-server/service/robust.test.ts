/** Diagnostics and fixes over text as it is while somebody types: cut off anywhere, with pieces missing. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type ManifestDocument, parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { applyFix } from 'minicloud-shared/manifest/source';
import { diagnose } from './diagnose.ts';
import { known } from './expectations.ts';
import { fixAll, fixesOf } from './fix.ts';
import { seeded } from './generated.ts';
import { disablingActions } from './suppress.ts';

const mostMs = 50;
const options = known.facts ? { facts: known.facts } : {};

type Found = ReturnType<typeof diagnose>;

/** What an editor may ask at any moment of a text that was read; `one` is any of what was found. */
const questions: Record<string, (document: ManifestDocument, one: Found[number] | undefined) => unknown> = {
  'the fixes of one diagnostic': (document, one) => one && fixesOf(document, one, options),
  'putting one to rest': (document, one) => one && disablingActions(document, one),
  'fix all': (document) => fixAll(document, options),
};

const folder = new URL('../../../test/fixtures/manifests/valid/', import.meta.url);
const valid = readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const);

/** In processor time, and in one of a few tries: what else the machine does is not this text's fault. */
function quickly<Answer>(name: string, what: string, ask: () => Answer): Answer {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const started = process.threadCpuUsage();
    const answer = ask();
    const { user, system } = process.threadCpuUsage(started);
    if (user + system < mostMs * 1000) return answer;
  }
  assert.fail(`${name} takes more than ${mostMs} ms: ${what}`);
}

function tryAll(text: string, at: number, what: string): void {
  const [document, all] = quickly('reading and diagnosing', what, () => {
    const read = parseManifestDocument(text);
    return [read, diagnose(read, options)] as const;
  });
  const one = all[at % Math.max(1, all.length)];
  for (const [name, ask] of Object.entries(questions)) quickly(name, what, () => ask(document, one));
}

/** A long text is cut at every third place: that meets the same constructs in a third of the time. */
const strideOf = (text: string): number => (text.length > 1_500 ? 3 : 1);

for (const [name, text] of valid) {
  test(`${name}: cut off anywhere`, () => {
    for (let end = 0; end <= text.length; end += strideOf(text))
      tryAll(text.slice(0, end), end, `the first ${end} characters`);
  });

  test(`${name}: with pieces missing`, () => {
    const random = seeded(text.length + 1);
    for (let round = 0; round < 100; round += 1) {
      const start = Math.floor(random() * text.length);
      const length = 1 + Math.floor(random() * random() * 60);
      tryAll(text.slice(0, start) + text.slice(start + length), start, `without ${start}–${start + length}`);
    }
  });
}

test('a large file with as many faults as are shown is mended in bounded time', () => {
  const lines = Array.from({ length: 1000 }, (_, index) => `  KEY_${index}: 0${index}${'1'.repeat(30)}\n`).join('');
  const text = `nmae: shop\nenv:\n${lines}`;
  const started = performance.now();
  const document = parseManifestDocument(text);
  const fixed = applyFix(text, { title: '', edits: fixAll(document, options) });
  assert.deepEqual(diagnose(parseManifestDocument(fixed)), []);
  // Seconds of margin on a busy machine; what this catches are minutes.
  assert.ok(performance.now() - started < 30_000);
});
