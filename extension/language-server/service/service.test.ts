import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerFacts } from 'minicloud-shared/manifest/model';
import { parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { diagnose } from './diagnose.ts';
import { hover } from './hover.ts';
import { summarize } from './summary.ts';
import { symbols } from './symbols.ts';

const facts: ServerFacts = {
  complete: true,
  asOf: 1,
  serverDomain: 'example.com',
  domains: [{ name: 'taken.example.com', app: 'other' }],
  apps: ['other'],
  secrets: {},
  features: ['apps'],
};
const taken = 'name: shop\nimage: nginx:1\nexpose:\n- port: 80\n  domains: [taken.example.com]\n';
const codes = (text: string, options: Parameters<typeof diagnose>[1]): string[] =>
  diagnose(parseManifestDocument(text), options).map(({ code }) => code);

test('rules about the server need its facts: not known is not wrong', () => {
  assert.deepEqual(codes(taken, {}), []);
  assert.deepEqual(codes(taken, { facts: { ...facts, complete: false } }), []);
  assert.ok(codes(taken, { facts }).includes('manifest/domain-owned'));
});

test('errors of YAML itself can be left to another server, ours stay', () => {
  const broken = 'name: shop\nimage: "nginx\nexpose:\n- port: 70000\n';
  assert.ok(codes(broken, {}).includes('manifest/syntax'));
  assert.ok(!codes(broken, { syntax: false }).includes('manifest/syntax'));
});

test('hover tells type, rule and default of what is under the cursor', () => {
  const text = 'name: shop\nexpose:\n- port: 80\n  proto: http\n';
  const shown = hover(parseManifestDocument(text), text.indexOf('proto') + 1);
  assert.match(shown?.markdown ?? '', /\*\*expose\[0\]\.proto\*\* · choice/);
  assert.match(shown?.markdown ?? '', /`http`, `tcp`, `udp`/);
  assert.deepEqual(shown?.span, [text.indexOf('proto'), text.indexOf('proto') + 5]);
  assert.equal(hover(parseManifestDocument('nonsense: 1\n'), 2), undefined);
});

test('the outline nests, names entries by what tells them apart, and survives half-typed text', () => {
  const outline = symbols(parseManifestDocument('name: shop\nexpose:\n- port: 80\n- port: 81\n'));
  assert.deepEqual(
    outline.map(({ name, detail }) => [name, detail]),
    [
      ['name', 'shop'],
      ['expose', ''],
    ],
  );
  assert.deepEqual(
    outline[1]?.children.map(({ name }) => name),
    ['port 80', 'port 81'],
  );
  assert.doesNotThrow(() => symbols(parseManifestDocument('expose:\n- \n  : x\n- {')));
  assert.deepEqual(symbols(parseManifestDocument('')), []);
});

test('a summary tells whether a deploy has to bring an image', () => {
  const of = (text: string) => summarize(parseManifestDocument(text));
  const nameRange = { start: { line: 0, character: 0 }, end: { line: 0, character: 4 } };
  assert.deepEqual(of('name: shop\n'), {
    ...{ name: 'shop', nameRange, hasImage: false, forward: false, backup: false, secrets: [], errors: 0 },
  });
  assert.equal(of('name: shop\nimage: nginx:1\n').hasImage, true);
  assert.equal(of('name: shop\nbuild: { type: static, static: { output: dist } }\n').hasImage, true);
  assert.equal(of('- just\n- a list\n').name, undefined);
});
