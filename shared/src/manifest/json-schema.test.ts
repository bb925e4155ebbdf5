/** The published JSON Schema: the file is current, and a validator that is not ours agrees with the parser. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { manifestJsonSchema } from './json-schema.ts';
import { parseManifest } from './parse.ts';

const root = new URL('../../../', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), 'utf8');
const published: object = JSON.parse(read('shared/schema/cloud_manifest.schema.json'));
const validate = new Ajv({ strict: true, strictTypes: false, allErrors: true }).compile(published);

test('the published file is what the sources say; `minicloud schema` prints it anew', () => {
  assert.deepEqual(published, JSON.parse(JSON.stringify(manifestJsonSchema())));
});

const fixtures = 'test/fixtures/manifests/';
const whole = [
  ...readdirSync(new URL(`${fixtures}valid/`, root)).map((name) => `${fixtures}valid/${name}`),
  'test/fixtures/testapp/cloud_manifest.yml',
  'server/images/sample/cloud_manifest.yml',
];
for (const file of whole) {
  test(`${file} passes`, () => {
    assert.ok(validate(parse(read(file))), JSON.stringify(validate.errors));
  });
}

/** Diagnostics that speak of a form, which the schema has to refuse too. */
const formCodes = ['manifest/missing-key', 'manifest/unknown-key', 'manifest/port-range', 'manifest/choice'];

interface Case {
  title: string;
  text: string;
  expected: string;
}
const cases = readdirSync(new URL(fixtures, root))
  .filter((name) => name.endsWith('.cases'))
  .flatMap((name) =>
    read(`${fixtures}${name}`)
      .split(/^=== /m)
      .slice(1)
      .map((part): Case => {
        const [head = '', expected = ''] = part.split(/^>>>\n/m);
        const end = head.indexOf('\n');
        return { title: `${name}: ${head.slice(0, end)}`, text: head.slice(end + 1), expected };
      }),
  );

/** What other programs read; undefined for what they can't read either. */
function plain(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0, logLevel: 'silent' });
  } catch {
    return undefined;
  }
}

test('every case that the parser accepts passes', () => {
  const accepted = cases.filter(({ text }) => parseManifest(text).manifest !== undefined);
  assert.ok(accepted.length > 30, `only ${accepted.length}`);
  for (const { title, text } of accepted) {
    assert.ok(validate(plain(text)), `${title}: ${JSON.stringify(validate.errors)}`);
  }
});

test('every case whose form is wrong fails', () => {
  const wrong = cases.filter(({ expected }) => formCodes.some((code) => expected.includes(`error ${code} `)));
  assert.ok(wrong.length > 15, `only ${wrong.length}`);
  for (const { title, text } of wrong) {
    const value = plain(text);
    if (value !== undefined) assert.equal(validate(value), false, title);
  }
});
