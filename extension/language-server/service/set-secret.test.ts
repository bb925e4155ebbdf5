import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { diagnose } from './diagnose.ts';
import { fixesOf } from './fix.ts';
import { serverFacts } from './fix-cases.ts';
import { withSetting } from './set-secret.ts';

const facts = { ...serverFacts, config: { shop: ['LOG_LEVEL'] } };

function titles(
  text: string,
  code: string,
  server?: string,
): [title: string, sets: string | undefined, preferred: boolean][] {
  const document = parseManifestDocument(text, {});
  const options = { facts };
  const diagnostic = diagnose(document, options).find((each) => each.code === code);
  assert.ok(diagnostic, `no ${code}`);
  const known = { facts, ...(server ? { server } : {}) };
  return withSetting(fixesOf(document, diagnostic, options), document, diagnostic, known).map(
    ({ title, sets, preferred }) => [title, sets, preferred],
  );
}

const name = 'name: shop\nimage: example.com/shop:1\n';

test('a secret without a value is given one, which is what most people want', () => {
  assert.deepEqual(titles(`${name}secrets: [OTHER]\n`, 'manifest/secret-value', 'home'), [
    ['Set the secret OTHER on home…', 'OTHER', true],
    ['Remove OTHER, leaving no secrets', undefined, false],
  ]);
});

test('a name that was meant instead comes first, and a server that is not known has no name', () => {
  assert.deepEqual(titles(`${name}secrets: [STRIPE_KYE]\n`, 'manifest/secret-value'), [
    ['Change to STRIPE_KEY', undefined, true],
    ['Set the secret STRIPE_KYE on the server…', 'STRIPE_KYE', false],
    ['Remove STRIPE_KYE, leaving no secrets', undefined, false],
  ]);
});

test('nothing else is set', () => {
  for (const [, sets] of titles(`${name}env: { MINICLOUD_X: a }\n`, 'manifest/reserved-env'))
    assert.equal(sets, undefined);
});

test('a config var is no secret that has no value', () => {
  assert.deepEqual(titles(`${name}secrets: [LOG_LEVEL]\n`, 'manifest/secret-value'), [
    ['Remove LOG_LEVEL, leaving no secrets', undefined, true],
  ]);
});

test('a key in the file moves to the server with its value, where the server keeps secrets', () => {
  const document = parseManifestDocument(`${name}env: { ADMIN_PASSWORD: hunter2hunter2 }\n`, {});
  const [diagnostic] = diagnose(document, {});
  assert.equal(diagnostic?.code, 'manifest/secret-in-env');
  const actions = (features: string[]) =>
    withSetting(fixesOf(document, diagnostic, {}), document, diagnostic, {
      facts: { ...facts, features },
      server: 'home',
    });
  const [moving, ...others] = actions(['config']);
  assert.equal(moving?.title, 'Move ADMIN_PASSWORD to the secrets, and its value to home');
  assert.equal(moving?.sets, 'ADMIN_PASSWORD');
  assert.deepEqual(moving?.moves, others[0]?.edits);
  assert.doesNotMatch(JSON.stringify(moving), /hunter2/);
  assert.equal(moving?.edits, undefined, 'the file is edited after the server has the value');
  assert.deepEqual([moving?.preferred, others.some(({ preferred }) => preferred)], [true, false]);
  assert.ok(actions([]).every(({ sets }) => sets === undefined));
});
