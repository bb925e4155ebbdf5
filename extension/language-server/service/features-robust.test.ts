/** Every feature over text as it is while somebody types: cut off anywhere, with pieces missing. None throws or is slow. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type ManifestDocument, parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { complete } from './complete.ts';
import { known, now } from './expectations.ts';
import { applied, format } from './format.ts';
import { seeded } from './generated.ts';
import { hover } from './hover.ts';
import { hints } from './inlay.ts';
import { links } from './links.ts';
import { nameAt, rename } from './names.ts';
import { folds, selections } from './ranges.ts';
import { signature } from './signature.ts';
import { summarize } from './summary.ts';
import { symbols } from './symbols.ts';

const mostMs = 50;

const features: Record<string, (document: ManifestDocument, offset: number) => unknown> = {
  complete: (document, offset) => complete(document, offset, known),
  hover: (document, offset) => hover(document, offset, known, now),
  signature: (document, offset) => signature(document, offset, now),
  symbols: (document) => symbols(document),
  summary: (document) => summarize(document),
  links: (document) => links(document, known),
  names: (document, offset) => nameAt(document, offset),
  rename: (document, offset) => rename(document, offset, 'other'),
  folds: (document) => folds(document),
  selections: (document, offset) => selections(document, offset),
  hints: (document) => hints(document, known),
  format: (document) => applied(document.context.source, format(document, { size: 2 })),
};

const folder = new URL('../../../test/fixtures/manifests/valid/', import.meta.url);
const valid = readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const);

/** In processor time, and in one of a few tries: what else the machine does is not this text's fault. */
function isQuick(run: () => unknown): boolean {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const started = process.threadCpuUsage();
    run();
    const { user, system } = process.threadCpuUsage(started);
    if (user + system < mostMs * 1000) return true;
  }
  return false;
}

function tryAll(text: string, offset: number, what: string): void {
  const document = parseManifestDocument(text);
  for (const [name, feature] of Object.entries(features)) {
    assert.ok(
      isQuick(() => feature(document, offset)),
      `${name} takes more than ${mostMs} ms: ${what}`,
    );
  }
}

/** A long text is cut at every third place: that meets the same constructs in a third of the time. */
const strideOf = (text: string): number => (text.length > 1_500 ? 3 : 1);

for (const [name, text] of valid) {
  test(`${name}: cut off anywhere`, () => {
    for (let end = 0; end <= text.length; end += strideOf(text))
      tryAll(text.slice(0, end), end, `the first ${end} characters`);
  });

  test(`${name}: with pieces missing`, () => {
    const random = seeded(text.length);
    for (let round = 0; round < 150; round += 1) {
      const start = Math.floor(random() * text.length);
      const length = 1 + Math.floor(random() * random() * 60);
      tryAll(text.slice(0, start) + text.slice(start + length), start, `without ${start}–${start + length}`);
    }
  });
}

const hostile: [name: string, text: string][] = [
  ['nothing', ''],
  ['a byte order mark', '\ufeffname: a\n'],
  ['half of a pair', 'name: "\ud83d"\n'],
  ['nulls', 'name: a\u0000b\n\u0000: c\n'],
  ['lone carriage returns', 'name: a\rimage: b\r'],
  ['deep brackets', '['.repeat(500)],
  ['deep lists', '- '.repeat(500)],
  ['an alias bomb', `a: &a [x]\nb: [${'*a, '.repeat(500)}]\n`],
  ['a key of brackets', '{ [a]: b, ? c : d }\n'],
  ['several documents', 'name: a\n---\nname: b\n'],
  ['tabs', 'name:\ta\nexpose:\n\t- port: 80\n'],
  ['names that are patterns', 'secrets: ["(a+)+$", "[", "\\\\"]\nenv: { A: "$(a+)+$ //[:1" }\n'],
  [
    'names of every object',
    'processes: { constructor: {}, toString: {}, __proto__: {} }\nplacement: { labels: { constructor: x } }\n',
  ],
];
for (const [name, text] of hostile) {
  test(`hostile: ${name}`, () => {
    for (const offset of [0, Math.floor(text.length / 2), text.length]) tryAll(text, offset, `at ${offset}`);
  });
}

test('a file of 256 KB is answered by every feature', () => {
  const line = (index: number): string => `  KEY_${index}: "value ${index} http://search:7700/${'x'.repeat(40)}"\n`;
  const lines = Array.from({ length: 2800 }, (_, index) => line(index)).join('');
  const text = `name: shop\nsupport: { search: { image: a:1 } }\nenv:\n${lines}`;
  const document = parseManifestDocument(text);
  assert.ok(text.length > 230_000 && document.context.nodeAt(['env', 'KEY_2799']), 'it was not read');
  for (const [name, feature] of Object.entries(features)) {
    const started = performance.now();
    feature(document, text.length);
    const took = performance.now() - started;
    assert.ok(took < 20_000, `${name} takes ${took} ms`);
  }
});
