/** The tables of rules, what needs the server's facts, what a server has to be able to do, and how a message is shown. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { requiredFeatures } from './features.ts';
import { formatDiagnostic, formatDiagnostics } from './format.ts';
import type { ServerFacts } from './model.ts';
import { parseManifest, parseManifestDocument } from './parse.ts';
import { rules } from './rules.ts';
import { checkAgainstServer, serverRules } from './server-rules.ts';

const fixtures = new URL('../../../test/fixtures/manifests/', import.meta.url);
const full = readFileSync(new URL('valid/full.yml', fixtures), 'utf8');

const facts: ServerFacts = {
  complete: true,
  asOf: 0,
  serverDomain: 'cloud.example.com',
  domains: [
    { name: 'taken.example.com', app: 'blog' },
    { name: 'mine.example.com', app: 'shop' },
  ],
  apps: ['blog', 'shop'],
  secrets: { shop: ['STRIPE_KEY'] },
  features: ['needs.database.mariadb', 'needs.storage', 'secrets', 'placement'],
};

function against(text: string, given: ServerFacts | undefined = facts): string[] {
  return checkAgainstServer(parseManifestDocument(text), given).map(
    ({ code, path, range }) => `${code} ${path} ${range.start.line + 1}:${range.start.character + 1}`,
  );
}

test('every rule has a code of its own, a summary and a case that breaks it', () => {
  const all = [...rules, ...serverRules];
  assert.equal(new Set(all.map((rule) => rule.code)).size, all.length);
  for (const rule of all) assert.match(rule.summary, /^[A-Z].*\.$/, rule.code);
  const cases = readdirSync(fixtures)
    .filter((name) => name.endsWith('.cases'))
    .map((name) => readFileSync(new URL(name, fixtures), 'utf8'))
    .join('');
  for (const { code, severity } of rules) assert.ok(cases.includes(`\n${severity} ${code} `), `no case for ${code}`);
});

test('related places point at the other one', () => {
  const text = 'name: shop\nexpose:\n- port: 80\n  domains: [a.example.com]\n- port: 80\n  domains: [a.example.com]\n';
  const related = parseManifest(text).diagnostics.flatMap((item) => item.related ?? []);
  assert.deepEqual(
    related.map(({ range }) => [range.start.line, range.start.character]),
    [
      [2, 8],
      [3, 12],
    ],
  );
});

test('a domain of another app, given or by its name', () => {
  assert.deepEqual(against('name: shop\nexpose: [{ port: 80, domains: [Taken.example.com, mine.example.com] }]\n'), [
    'manifest/domain-owned expose[0].domains[0] 2:32',
  ]);
  assert.deepEqual(against('name: shop\nexpose: [{ port: 80, domains: [blog.cloud.example.com] }]\n'), [
    'manifest/domain-owned expose[0].domains[0] 2:32',
  ]);
  for (const kept of ['other.cloud.example.com', '"*.other.cloud.example.com"', '"*.cloud.example.com"'])
    assert.deepEqual(
      against(`name: shop\nexpose: [{ port: 80, domains: [${kept}, "*.shop.cloud.example.com"] }]\n`),
      ['manifest/domain-owned expose[0].domains[0] 2:32'],
      kept,
    );
  const before = { ...facts, domains: [{ name: 'other.cloud.example.com', app: 'shop' }] };
  assert.deepEqual(against('name: shop\nexpose: [{ port: 80, domains: [other.cloud.example.com] }]\n', before), []);
  const squatted = { ...facts, domains: [{ name: 'shop.cloud.example.com', app: 'blog' }] };
  assert.deepEqual(against('name: shop\nexpose: [{ port: 80 }]\n', squatted), ['manifest/domain-owned name 1:7']);
  const forward = 'name: tool\nforward: { port: 9000, domains: [taken.example.com] }\n';
  assert.deepEqual(against(forward, { ...facts, features: ['kind.forward'] }), [
    'manifest/domain-owned forward.domains[0] 2:34',
  ]);
});

test('a secret without a value', () => {
  assert.deepEqual(against('name: shop\nsecrets: [STRIPE_KEY, OTHER]\n'), ['manifest/secret-value secrets[1] 2:23']);
  assert.deepEqual(against('name: new-app\nsecrets: [STRIPE_KEY]\n'), ['manifest/secret-value secrets[0] 2:11']);
  const said = (text: string): string | undefined =>
    checkAgainstServer(parseManifestDocument(text), { ...facts, config: { shop: ['API_URL'] } })[0]?.message;
  assert.match(
    said('name: shop\nsecrets: [STRIPE_KEZ]\n') ?? '',
    /secrets:set shop STRIPE_KEZ\. There is STRIPE_KEY\.$/,
  );
  assert.match(said('name: new-app\nsecrets: [STRIPE_KEY]\n') ?? '', /secrets:set new-app STRIPE_KEY --create\.$/);
  assert.match(said('name: shop\nsecrets: [API_URL]\n') ?? '', /^API_URL is a config var on the server/);
});

test('what this server can not do is named by its key', () => {
  const text =
    'name: shop\nneeds:\n- database\n- cache\n- database: { engine: postgres, env: PG_URL }\njobs: [{ name: a, schedule: "0 3 * * *", command: x }]\n';
  const found = checkAgainstServer(parseManifestDocument(text), facts);
  assert.deepEqual(
    found.map(({ code, path, range }) => `${code} ${path} ${range.start.line + 1}:${range.start.character + 1}`),
    [
      'manifest/not-available needs[1] 4:3',
      'manifest/not-available needs[2].database.engine 5:23',
      'manifest/not-available jobs 6:7',
    ],
  );
  assert.match(found[1]?.message ?? '', /^Not available on this server yet: needs\[2\]\.database\.engine \(/);
});

test('what a rollout would do in steps is refused by its own key', () => {
  const keys = (rollout: string) => against(`name: shop\nrollout: { ${rollout} }\n`).map((told) => told.split(' ')[1]);
  assert.deepEqual(keys('steps: [10%, 50%, 100%]'), ['rollout.steps']);
  assert.deepEqual(keys('strategy: rolling, advance: manual'), ['rollout.advance']);
  assert.deepEqual(keys('pause: 2m'), ['rollout.pause']);
  assert.deepEqual(keys('strategy: steps, steps: [10%, 100%], pause: 5m'), ['rollout.strategy']);
  assert.deepEqual(keys('strategy: rolling, steps: [100%], advance: auto'), []);
});

test('more containers than an app has room for', () => {
  const room = { replicas: 15, support: 2 };
  const counts = (web: number, worker: number) =>
    against(`name: shop\nprocesses: { web: { count: ${web} }, worker: { count: ${worker} } }\n`, { ...facts, room });
  assert.deepEqual(counts(10, 5), []);
  assert.deepEqual(counts(4, 12), ['manifest/app-full processes.worker.count 2:50']);
  const support = 'name: shop\nsupport: { a: { image: "a:1" }, b: { image: "b:1" }, c: { image: "c:1" } }\n';
  assert.deepEqual(against(support, { ...facts, features: ['support'], room }), ['manifest/app-full support.c 2:54']);
  assert.deepEqual(against(support, { ...facts, features: ['support'] }), []);
});

test('placement beside an app that is not there is a warning', () => {
  assert.deepEqual(against('name: shop\nplacement: { near: blgo }\n'), [
    'manifest/placement-unknown placement.near 2:20',
  ]);
});

test('unknown is not wrong: incomplete facts and manifests with errors keep the rules silent', () => {
  const text = 'name: shop\nsecrets: [OTHER]\nneeds: [cache]\n';
  assert.equal(against(text).length, 2);
  assert.deepEqual(against(text, { ...facts, complete: false }), []);
  assert.deepEqual(checkAgainstServer(parseManifestDocument(text), undefined), []);
  assert.deepEqual(against(`${text}expse: 1\n`), []);
});

function features(text: string): string[] {
  const { manifest } = parseManifest(text);
  return requiredFeatures(manifest ?? assert.fail(text)).map(({ feature, path }) => `${feature} ${path}`);
}

test('the features that a manifest needs, and the keys that ask for them', () => {
  assert.deepEqual(
    features(
      'name: shop\nexpose: [{ port: 80 }]\nprocesses: { web: { count: 2 } }\nhealthcheck: { path: /x }\nsecurity: { user: node }\n',
    ),
    [],
  );
  assert.deepEqual(features(full), [
    'build.dockerfile build',
    'build.git build.git',
    'secrets secrets',
    'needs.database.mariadb needs[0]',
    'needs.messagebus needs[1]',
    'needs.cache needs[2]',
    'needs.storage needs[3]',
    'needs.database.postgres needs[4].database.engine',
    'needs.database.version needs[4].database.version',
    'needs.storage needs[5]',
    'needs.storage.size needs[5].storage.size',
    'support support',
    'release-command release',
    'rollout.steps rollout.steps',
    'jobs jobs',
    'placement placement',
    'backup backup',
  ]);
  const internet = 'name: shop\nsecurity: { internet: false }\nsupport: { a: { image: "a:1", internet: true } }\n';
  assert.deepEqual(features(internet), [
    'support support',
    'internet security.internet',
    'internet support.a.internet',
  ]);
  assert.deepEqual(features(internet.replace('false', 'true').replace(', internet: true', '')), ['support support']);
  assert.deepEqual(features('name: shop\nforward: { port: 1 }\n'), ['kind.forward forward']);
  assert.deepEqual(
    features(
      'name: shop\nexpose: [{ port: 53, proto: udp }, { port: 25, proto: tcp }]\nrollout: { strategy: stop-first }\nneeds: [{ database: { dedicated: true } }]\n',
    ),
    [
      'expose.udp expose[0].proto',
      'expose.tcp expose[1].proto',
      'needs.database.mariadb needs[0]',
      'needs.database.dedicated needs[0].database.dedicated',
      'rollout.stop-first rollout.strategy',
    ],
  );
});

test('a message is shown as agreed, letter by letter', () => {
  const text = 'version: 1\nname: shop\n\n\nexpose:\n- proto: http\n  port: 70000\n';
  const [diagnostic = assert.fail()] = parseManifest(text).diagnostics;
  assert.equal(
    formatDiagnostic(text, 'cloud_manifest.yml', diagnostic, 'Nothing was changed. Release 12 of "shop" still serves.'),
    `cloud_manifest.yml:7:9  manifest/port-range  expose[0].port is 70000; a port is a whole number from 1 to 65535.
  7 |   port: 70000
    |         ^^^^^        Nothing was changed. Release 12 of "shop" still serves.`,
  );
});

test('long lines are cut around the place, wide characters and tabs keep the marks below it', () => {
  const text = `name: shop\nenv: { A: "${'x'.repeat(500)}", "1A": y }\n`;
  const shown = formatDiagnostics(text, 'm.yml', parseManifest(text).diagnostics).split('\n');
  assert.ok(shown.every((line) => line.length < 200));
  assert.equal(shown[1]?.slice(shown[2]?.indexOf('^')).slice(0, 4), '"1A"');
  const wide = '{"name": "shop",\n\t"env": {"A": "世界👋", "1A": "y"}}\n';
  const [, source = '', marks = ''] = formatDiagnostics(wide, 'm.json', parseManifest(wide).diagnostics).split('\n');
  // Three characters of the source take two columns each.
  assert.equal(marks.indexOf('^') - 3, [...source].indexOf('1') - 1);
});

test('a key in a manifest is in no message and in no shown line', () => {
  const key = 'sk_live_4eC39HqLyjWDarjtT1zdp7dc';
  for (const text of [
    `name: ${key}\n`,
    `name: shop\nenv: { K: ${key} }\n`,
    `name: shop\nneeds: [${key}]\n`,
    `name: shop\nbuild: { git: { repo: "https://a:${key}@x.org/y" } }\n`,
  ]) {
    const { diagnostics } = parseManifest(text);
    assert.ok(diagnostics.length > 0);
    assert.ok(!formatDiagnostics(text, 'm.yml', diagnostics).includes(key.slice(8)), text);
  }
});
