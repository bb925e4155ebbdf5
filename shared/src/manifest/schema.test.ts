/** The JSON Schema, and what hover and completion are told: both made from the one schema. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';
import * as z from 'zod';
import { describePath } from './describe.ts';
import { alternatives, descriptionOf, fields } from './introspect.ts';
import { manifestJsonSchema } from './json-schema.ts';
import { parseManifest } from './parse.ts';
import { manifestSchema } from './schema.ts';

const schema = manifestJsonSchema();
const validate: ValidateFunction = new Ajv({ strict: true, strictTypes: false, allErrors: true }).compile(schema);
const folder = new URL('../../../test/fixtures/manifests/', import.meta.url);

test('the JSON Schema says what it is', () => {
  assert.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#');
  assert.equal(schema.title, 'Minicloud manifest');
  assert.deepEqual(schema.required, ['name']);
  const properties = schema.properties as Record<string, Record<string, unknown>>;
  assert.equal(properties.environment?.default, 'production');
  assert.match(String(properties.env?.description), /not secret/);
  assert.deepEqual(properties.image?.examples, ['docker.io/me/guestbook:1.4.2']);
});

test('the JSON Schema accepts the good manifests', () => {
  for (const name of readdirSync(new URL('valid/', folder))) {
    const value: unknown = parse(readFileSync(new URL(`valid/${name}`, folder), 'utf8'));
    assert.ok(validate(value), `${name}: ${JSON.stringify(validate.errors)}`);
  }
});

/** Each a part beside `name: shop`; `true` when the JSON Schema has to accept it. */
const samples: [part: object, accepted: boolean][] = [
  [{}, true],
  [{ expose: [{ port: 80 }] }, true],
  [{ expose: [{ port: 70000 }] }, false],
  [{ expose: [{ port: '80' }] }, false],
  [{ expose: [{}] }, false],
  [{ expose: { port: 80 } }, false],
  [{ expose: [{ port: 80, timeout: '30s', max_body: '5MiB' }] }, true],
  [{ expose: [{ port: 80, timeout: 30 }] }, false],
  [{ expose: [{ port: 80, timeout: '30 s' }] }, false],
  [{ expse: [] }, false],
  [{ version: 1 }, true],
  [{ version: 2 }, false],
  [{ environment: 'test' }, false],
  [{ env: { A: 'b', C: 1, D: true } }, true],
  [{ env: { 'a-b': 'c' } }, false],
  [{ env: { A: null } }, false],
  [{ env: { A: ['b'] } }, false],
  [{ needs: ['database', { storage: { path: '/x' } }] }, true],
  [{ needs: ['kafka'] }, false],
  [{ needs: [{ database: {}, cache: {} }] }, false],
  [{ needs: [{ database: { engine: 'oracle' } }] }, false],
  [{ needs: 'database' }, false],
  [{ processes: { web: { command: 'node x' } } }, true],
  [{ processes: { web: { command: ['node', 'x'] } } }, true],
  [{ processes: { web: { command: [] } } }, false],
  [{ processes: { 'We b': {} } }, false],
  [{ processes: { web: { count: 1.5 } } }, false],
  [{ support: { search: {} } }, false],
  [{ rollout: { steps: ['10%'] } }, true],
  [{ rollout: { steps: [10] } }, false],
  [{ security: { user: 1000 } }, false],
  [{ security: { capabilities: ['SYS_ADMIN'] } }, false],
  [{ forward: { port: 9000 } }, true],
  [{ forward: {} }, false],
  [{ name: 'A' }, false],
];

test('the JSON Schema accepts and refuses as it should', () => {
  for (const [part, accepted] of samples) {
    const manifest = { name: 'shop', ...part };
    assert.equal(validate(manifest), accepted, JSON.stringify(manifest));
  }
});

test('what the JSON Schema refuses, the parser refuses; what the parser accepts, the schema accepts', () => {
  for (const [part, accepted] of samples) {
    const text = JSON.stringify({ name: 'shop', ...part });
    const { manifest } = parseManifest(text);
    if (!accepted) assert.equal(manifest, undefined, text);
    if (manifest) assert.ok(manifestSchema.safeParse(JSON.parse(text)).success, text);
  }
});

test('every key of the schema is described in one sentence', () => {
  let keys = 0;
  const walk = (place: z.ZodType, path: string): void => {
    for (const option of alternatives(place)) {
      if (option instanceof z.ZodObject) {
        for (const [key, value] of fields(option)) {
          keys++;
          assert.match(descriptionOf(value) ?? '', /^\S.{10,}\.$/, `${path}.${key}`);
          walk(value, `${path}.${key}`);
        }
      } else if (option instanceof z.ZodArray) walk(option.element as z.ZodType, `${path}[]`);
      else if (option instanceof z.ZodRecord) walk(option.valueType as z.ZodType, `${path}.*`);
    }
  };
  walk(manifestSchema, '');
  assert.ok(keys > 80, `only ${keys} keys`);
});

test('every default that is stated is one that the parser fills in', () => {
  assert.equal(describePath(['expose', 0, 'timeout'])?.default, '60s');
  const { manifest } = parseManifest('name: shop\nexpose: [{ port: 80 }]\n');
  assert.ok(manifest?.kind === 'container');
  assert.equal(manifest.expose[0]?.timeoutMs, 60_000);
});

test('a path is described', () => {
  assert.deepEqual(describePath(['expose', 0, 'proto']), {
    description: 'What is spoken on the port; domains, path, max_body and timeout are for http.',
    type: 'choice',
    required: false,
    default: 'http',
    values: ['http', 'tcp', 'udp'],
  });
  const port = describePath(['expose', 0, 'port']);
  assert.equal(port?.says, 'a port is a whole number from 1 to 65535');
  assert.equal(port?.required, true);
  assert.deepEqual(port?.examples, [80, 3000]);
});

test('the keys of a place are listed in their order', () => {
  const keys = (path: (string | number)[]) => describePath(path)?.keys?.map(({ key }) => key);
  assert.deepEqual(keys([])?.slice(0, 4), ['version', 'name', 'environment', 'image']);
  assert.deepEqual(keys(['processes', 'anything']), ['command', 'count', 'resources']);
  assert.deepEqual(keys(['processes', 'web', 'resources']), ['memory', 'cpus', 'pids']);
  assert.deepEqual(keys(['needs', 3]), ['database', 'messagebus', 'cache', 'storage']);
  assert.deepEqual(keys(['needs', 3, 'database']), ['engine', 'version', 'env', 'dedicated']);
  assert.deepEqual(keys(['needs', 0, 'storage']), ['path', 'size']);
  const name = describePath([])?.keys?.find(({ key }) => key === 'name');
  assert.equal(name?.required, true);
  assert.match(name?.description ?? '', /unique/);
});

test('lists, unions and records', () => {
  const needs = describePath(['needs']);
  assert.equal(needs?.type, 'list');
  assert.deepEqual(needs?.items?.values, ['database', 'messagebus', 'cache', 'storage']);
  assert.deepEqual(
    needs?.items?.keys?.map(({ key }) => key),
    ['database', 'messagebus', 'cache', 'storage'],
  );
  assert.equal(describePath(['needs', 0])?.type, 'choice | map');
  assert.equal(describePath(['processes', 'web', 'command'])?.type, 'text | list');
  assert.equal(describePath(['env', 'HOME'])?.values, undefined);
  assert.equal(describePath(['security', 'read_only'])?.type, 'boolean');
  assert.deepEqual(describePath(['security', 'read_only'])?.values, [true, false]);
  assert.equal(describePath(['support', 'x', 'volumes', 0, 'path'])?.required, true);
});

test('what can not be is not described', () => {
  for (const path of [
    ['nothing'],
    ['expose', 'port'],
    ['expose', 0, 'x'],
    ['name', 'x'],
    ['constructor'],
    ['needs', 0, 'database', 'env', 'x'],
  ]) {
    assert.equal(describePath(path), undefined, path.join('.'));
  }
});
