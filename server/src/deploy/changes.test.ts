/**
 * Every key of the manifest language is carried out, and then the plan shows that it is different; or it is refused by
 * its name. Nothing is read and ignored.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alternatives, fields } from 'minicloud-shared/manifest/introspect';
import type { ContainerManifest } from 'minicloud-shared/manifest/model';
import { parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { manifestSchema } from 'minicloud-shared/manifest/schema';
import { checkAgainstServer } from 'minicloud-shared/manifest/server-rules';
import { features } from 'minicloud-shared/model/system';
import * as z from 'zod';
import { manifestDomains } from '../domains/domains.ts';
import { type ChangeInput, changes, notes } from './changes.ts';
import { desired } from './desired.ts';

/** Texts of before and after, which differ in the key alone. */
type Sample = [before: string, after: string] | { refused: string };

const port = (more: string) => `expose: [{ port: 80${more} }]`;
const inWeb = (more: string) => `processes: { web: { ${more} } }`;
const inSupport = (more: string) => `support: { search: { image: "s:1"${more} } }`;
const health = (more: string) => `${port('')}\nhealthcheck: { port: 80${more} }`;

/** What there is no other value of, or makes it another app; secrets are told by their values, in `config.test.ts`. */
const apart = ['version', 'name', 'secrets'];

const samples: Record<string, Sample> = {
  environment: ['environment: staging', 'environment: production'],
  image: ['image: a:1', 'image: a:2'],
  'expose[].port': [port(''), 'expose: [{ port: 81 }]'],
  'expose[].proto': { refused: port(', proto: tcp') },
  'expose[].process': [
    `processes: { web: {}, api: {} }\n${port('')}`,
    `processes: { web: {}, api: {} }\n${port(', process: api')}`,
  ],
  'expose[].domains': [
    'expose: [{ port: 80, domains: [a.example.com] }, { port: 81, domains: [b.example.com] }]',
    'expose: [{ port: 80, domains: [b.example.com] }, { port: 81, domains: [a.example.com] }]',
  ],
  'expose[].path': [port(''), port(', path: /api')],
  'expose[].max_body': [port(''), port(', max_body: 1GB')],
  'expose[].timeout': [port(''), port(', timeout: 5m')],
  'env.*': ['env: { A: b }', 'env: { A: c }'],
  needs: ['', 'needs: [storage]'],
  'needs[].database.engine': { refused: 'needs: [{ database: { engine: postgres } }]' },
  'needs[].database.version': { refused: 'needs: [{ database: { version: "11" } }]' },
  'needs[].database.env': ['needs: [database]', 'needs: [{ database: { env: DB_URL } }]'],
  'needs[].database.dedicated': { refused: 'needs: [{ database: { dedicated: true } }]' },
  'needs[].messagebus.env': { refused: 'needs: [messagebus]' },
  'needs[].cache.env': { refused: 'needs: [cache]' },
  'needs[].storage.path': ['needs: [storage]', 'needs: [{ storage: { path: /srv } }]'],
  'needs[].storage.size': { refused: 'needs: [{ storage: { size: 5GB } }]' },
  'processes.*.command': [inWeb('command: [run, "a b"]'), inWeb('command: run a b')],
  'processes.*.count': [inWeb(''), inWeb('count: 2')],
  'processes.*.resources.memory': [inWeb(''), inWeb('resources: { memory: 64MB }')],
  'processes.*.resources.cpus': [inWeb(''), inWeb('resources: { cpus: 2 }')],
  'processes.*.resources.pids': [inWeb(''), inWeb('resources: { pids: 20 }')],
  'support.*.image': [inSupport(''), 'support: { search: { image: "s:2" } }'],
  'support.*.command': [inSupport(''), inSupport(', command: run')],
  'support.*.env.*': [inSupport(', env: { A: b }'), inSupport(', env: { A: c }')],
  'support.*.volumes[].path': [inSupport(', volumes: [{ path: /data }]'), inSupport(', volumes: [{ path: /srv }]')],
  'support.*.volumes[].size': { refused: inSupport(', volumes: [{ path: /data, size: 1GB }]') },
  'support.*.resources.memory': [inSupport(''), inSupport(', resources: { memory: 64MB }')],
  'support.*.resources.cpus': [inSupport(''), inSupport(', resources: { cpus: 2 }')],
  'support.*.resources.pids': [inSupport(''), inSupport(', resources: { pids: 20 }')],
  'support.*.internet': [inSupport(''), inSupport(', internet: true')],
  'release.command': ['release: { command: a }', 'release: { command: b }'],
  'release.timeout': ['release: { command: a }', 'release: { command: a, timeout: 9m }'],
  'healthcheck.path': [health(''), health(', path: /healthz')],
  'healthcheck.port': [
    'expose: [{ port: 80 }, { port: 81, path: /b }]\nhealthcheck: { port: 80 }',
    'expose: [{ port: 80 }, { port: 81, path: /b }]\nhealthcheck: { port: 81 }',
  ],
  'healthcheck.interval': [health(''), health(', interval: 9s')],
  'healthcheck.timeout': [health(''), health(', timeout: 9s')],
  'healthcheck.retries': [health(''), health(', retries: 9')],
  'healthcheck.grace': [health(''), health(', grace: 9s')],
  'resources.memory': ['', 'resources: { memory: 64MB }'],
  'resources.cpus': ['', 'resources: { cpus: 2 }'],
  'resources.pids': ['', 'resources: { pids: 20 }'],
  'rollout.strategy': { refused: 'rollout: { strategy: stop-first }' },
  'rollout.steps': { refused: 'rollout: { steps: [10%, 100%] }' },
  'rollout.advance': { refused: 'rollout: { advance: manual }' },
  'rollout.pause': { refused: 'rollout: { pause: 5m }' },
  'security.read_only': ['', 'security: { read_only: true }'],
  'security.user': ['', 'security: { user: "1000" }'],
  'security.capabilities': ['', 'security: { capabilities: [CHOWN] }'],
  'security.internet': ['', 'security: { internet: false }'],
  build: { refused: 'build: { type: dockerfile }' },
  jobs: { refused: 'jobs: [{ name: n, schedule: "0 3 * * *", command: run }]' },
  placement: { refused: 'placement: { region: eu }' },
  backup: { refused: 'backup: { rehearse: weekly }' },
  forward: { refused: 'forward: { port: 9000 }' },
};

/** The keys of a schema, down to what is a value: `expose[].port`, `processes.*.count`. */
function keysOf(schema: z.ZodType, path: string): string[] {
  const found = alternatives(schema).flatMap((part): string[] => {
    if (part instanceof z.ZodObject)
      return fields(part).flatMap(([key, value]) => keysOf(value, path === '' ? key : `${path}.${key}`));
    if (part instanceof z.ZodRecord) return keysOf(part.valueType as z.ZodType, `${path}.*`);
    if (!(part instanceof z.ZodArray)) return [path];
    return keysOf(part.element as z.ZodType, `${path}[]`).map((key) => (key === `${path}[]` ? path : key));
  });
  return [...new Set(found)];
}

const base = (text: string) => (text.startsWith('forward') ? 'name: shop\n' : 'name: shop\nimage: x:1\n');

function parsed(text: string) {
  const whole = text.includes('image: a') ? `name: shop\n${text}\n` : `${base(text)}${text}\n`;
  const document = parseManifestDocument(whole);
  const { manifest } = document;
  assert.ok(manifest, `${text}: ${JSON.stringify(document.diagnostics)}`);
  return { document, manifest };
}

const sameImage = { image: 'x:1', digest: `sha256:${'a'.repeat(64)}` };

function planned(before: ContainerManifest, after: ContainerManifest): ChangeInput {
  const app = { id: 'a1', name: 'shop', kind: 'container', environment: 'production', subnet: 1, serving: 1 };
  const wanted = desired({
    installation: 'i',
    networkPool: '10.208.0.0/12',
    serverDomain: 'localhost',
    app: { ...app, created_at: 0, updated_at: 0, deleting_at: null },
    version: 2,
    resolved: { manifest: after, supportImages: {} },
    imageId: `sha256:${'a'.repeat(64)}`,
    image: after.image ?? sameImage.image,
    bindingEnv: {},
    configEnv: {},
    serviceAliases: [],
    volumes: [],
  });
  const image = (manifest: ContainerManifest) => ({ ...sameImage, image: manifest.image ?? sameImage.image });
  return {
    desired: wanted,
    ...image(after),
    imageData: [],
    previous: {
      version: 1,
      ...image(before),
      manifest: before,
      domains: manifestDomains(before, 'localhost'),
      imageData: [],
    },
  };
}

test('a first release tells what it chose, and not the defaults of every app', () => {
  const first = (text: string) => {
    const { manifest } = parsed(text);
    assert.ok(manifest.kind === 'container');
    return new Map(
      changes({ ...planned(manifest, manifest), previous: undefined }).map(({ object, after }) => [object, after]),
    );
  };
  const chosen = first(
    'expose: [{ port: 80 }]\nsecurity: { internet: false }\nresources: { memory: 128MB }\nhealthcheck: { path: /healthz, port: 80 }',
  );
  assert.match(chosen.get('security') ?? '', /no internet/);
  assert.match(chosen.get('resources') ?? '', /memory 128MB/);
  assert.match(chosen.get('healthcheck') ?? '', /^\/healthz on 80/);
  const plain = first('expose: [{ port: 80 }]');
  for (const object of ['security', 'resources', 'healthcheck']) assert.ok(!plain.has(object), object);
});

test('every key of the language is carried out or refused by its name', () => {
  const asked = Object.keys(samples);
  const covers = (sample: string, key: string) =>
    key === sample ||
    (samples[sample] &&
      'refused' in samples[sample] &&
      /^[.[]/.test(key.slice(sample.length)) &&
      key.startsWith(sample));
  const keys = keysOf(manifestSchema, '');
  assert.deepEqual(
    keys.filter((key) => !apart.includes(key) && !asked.some((sample) => covers(sample, key))),
    [],
    'keys that nobody knows what becomes of',
  );
  assert.deepEqual(
    asked.filter((sample) => !keys.some((key) => covers(sample, key))),
    [],
    'samples of keys that are not there',
  );
});

for (const [key, sample] of Object.entries(samples)) {
  if ('refused' in sample) {
    test(`${key} is refused by its name`, () => {
      const { document } = parsed(sample.refused);
      const facts = { complete: true, asOf: 0, serverDomain: 'localhost', domains: [], apps: [], secrets: {} };
      const found = checkAgainstServer(document, { ...facts, features: [...features] });
      const own = key.replaceAll('[]', '[0]').replaceAll('.*', '.search');
      const [told] = found.filter(({ code }) => code === 'manifest/not-available');
      assert.ok(told, JSON.stringify(found));
      assert.ok(own.startsWith(told.path), `${told.path} is not ${own}`);
      assert.match(told.message, /^Not available on this server yet: /);
    });
  } else {
    test(`the plan shows that ${key} is different`, () => {
      const [before, after] = sample.map((text) => parsed(text).manifest) as [ContainerManifest, ContainerManifest];
      for (const [from, to] of [
        [before, after],
        [after, before],
      ] as const) {
        const input = planned(from, to);
        assert.ok(changes(input).length > 0, JSON.stringify(notes(input)));
        for (const change of changes(input)) assert.notEqual(change.before ?? '', change.after ?? '-');
      }
      assert.deepEqual(changes(planned(before, before)), []);
      assert.ok(!notes(planned(before, after)).some((note) => note.startsWith('Nothing differs')));
    });
  }
}
