/** What is told about variables, by what the source reads, the manifest sets and the server has. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ServerFacts, SourceRead, SourceReads } from './model.ts';
import { parseManifestDocument } from './parse.ts';
import { sourceRuleCodes } from './source-rule-codes.ts';
import { checkAgainstSource, sourceRules } from './source-rules.ts';

/** `NAME`, or `NAME=text` and `NAME=` with a default. */
function read(word: string, index: number): SourceRead {
  const [name = '', fallback] = word.split('=');
  return {
    name,
    file: 'src/app.ts',
    line: index + 1,
    ...(fallback === undefined ? {} : { fallback: fallback === '' ? true : fallback }),
  };
}

const sourcesOf = (reads: string, more: Partial<SourceReads> = {}): SourceReads => ({
  reads: reads.split(' ').filter(Boolean).map(read),
  imageSets: [],
  unread: [],
  ...more,
});

function told(text: string, sources: SourceReads | undefined, facts?: ServerFacts): string[] {
  const found = checkAgainstSource(parseManifestDocument(text), sources, facts);
  return found.map(({ code, path, range: { start } }) => `${start.line + 1}: ${code.replace('manifest/', '')} ${path}`);
}

const rows: [why: string, manifest: string, sources: SourceReads, expected: string[]][] = [
  ['nothing sets it', 'name: shop\n', sourcesOf('STRIPE_KEY'), ['1: env-unset env.STRIPE_KEY']],
  [
    'it is marked where it belongs',
    'name: shop\nenv:\n  A: b\n',
    sourcesOf('STRIPE_KEY A'),
    ['2: env-unset env.STRIPE_KEY'],
  ],
  ['env sets it', 'name: shop\nenv: { STRIPE_KEY: x }\n', sourcesOf('STRIPE_KEY'), []],
  ['a secret sets it', 'name: shop\nsecrets: [STRIPE_KEY]\n', sourcesOf('STRIPE_KEY'), []],
  ['a need brings it', 'name: shop\nneeds: [database]\n', sourcesOf('DATABASE_URL'), []],
  [
    'a need brings it by another name',
    'name: shop\nneeds: [{ cache: { env: KV } }]\n',
    sourcesOf('KV REDIS_URL'),
    ['1: env-unset env.REDIS_URL'],
  ],
  ['the server sets it', 'name: shop\n', sourcesOf('MINICLOUD_APP MINICLOUD_RELEASE MINICLOUD_DOMAIN'), []],
  ['the port that is exposed', 'name: shop\nexpose: [{ port: 80 }]\n', sourcesOf('PORT'), []],
  ['no port is exposed', 'name: shop\n', sourcesOf('PORT'), ['1: env-unset env.PORT']],
  [
    'the port of another process',
    'name: shop\nprocesses: { web: {}, api: {} }\nexpose: [{ port: 80, process: api }]\n',
    sourcesOf('PORT'),
    ['1: env-unset env.PORT'],
  ],
  ['the image sets it', 'name: shop\n', sourcesOf('APP_HOME', { imageSets: ['APP_HOME'] }), []],
  [
    'every container has it',
    'name: shop\n',
    sourcesOf('PATH HOME HOSTNAME TZ CI npm_package_version VITE_URL NODE_VERSION'),
    [],
  ],
  ['the source does without', 'name: shop\n', sourcesOf('LOG_LEVEL=info CACHE='), ['1: env-default env']],
  ['read twice, once without a default', 'name: shop\n', sourcesOf('A=1 A'), ['1: env-unset env.A']],
  ['development is no default', 'name: shop\n', sourcesOf('NODE_ENV=development'), ['1: env-unset env.NODE_ENV']],
  ['production is one', 'name: shop\n', sourcesOf('APP_ENV=production'), ['1: env-default env']],
  [
    'beyond a handful they are one',
    'name: shop\n',
    sourcesOf('A B C D E F G'),
    ['A', 'B', 'C', 'D', 'E'].map((name) => `1: env-unset env.${name}`).concat('1: env-unset env'),
  ],
  [
    'what is one too many has its name',
    'name: shop\n',
    sourcesOf('A B C D E F'),
    ['A', 'B', 'C', 'D', 'E', 'F'].map((name) => `1: env-unset env.${name}`),
  ],
  ['other folders are not built', 'name: shop\nbuild: { context: api }\n', sourcesOf('STRIPE_KEY'), []],
  [
    'the folder that is built',
    'name: shop\nbuild: { context: ./src/ }\n',
    sourcesOf('STRIPE_KEY'),
    ['1: env-unset env.STRIPE_KEY'],
  ],
  [
    'another repository is built',
    'name: shop\nbuild: { git: { repo: https://example.com/a.git } }\n',
    sourcesOf('A'),
    [],
  ],
  ['nothing runs', 'name: shop\nforward: { port: 80 }\n', sourcesOf('A'), []],
  ['errors come first', 'name: shop\nimage: A B\n', sourcesOf('A'), []],
  ['nothing reads it', 'name: shop\nenv: { OLD: x }\n', sourcesOf('', { unread: ['OLD'] }), ['2: env-unread env.OLD']],
  [
    'nothing reads the secret',
    'name: shop\nsecrets: [OLD, A]\n',
    sourcesOf('A', { unread: ['OLD'] }),
    ['2: env-unread secrets[0]'],
  ],
  [
    'a framework reads it',
    'name: shop\nenv: { NODE_OPTIONS: x, TZ: UTC, DATABASE_URL: x, AUTH_TRUST_HOST: "1" }\n',
    sourcesOf('', { unread: ['NODE_OPTIONS', 'TZ', 'DATABASE_URL', 'AUTH_TRUST_HOST'] }),
    [],
  ],
  [
    'a command of the manifest reads it',
    'name: shop\nenv: { OLD: x }\nrelease: { command: [sh, -c, "echo $OLD"] }\n',
    sourcesOf('', { unread: ['OLD'] }),
    [],
  ],
  [
    'the image is another’s, with scripts beside it',
    'name: shop\nimage: ghost:5\nenv: { OLD: x }\n',
    sourcesOf('A=1 B', { unread: ['OLD'] }),
    [],
  ],
  [
    'what every image may know does not make it of this source',
    'name: shop\nimage: ghost:5\nenv: { NODE_ENV: production, OLD: x }\n',
    sourcesOf('A NODE_ENV', { unread: ['OLD'] }),
    [],
  ],
  [
    'a Dockerfile beside it makes the image',
    'name: shop\nimage: ghcr.io/me/shop:1\nenv: { OLD: x }\n',
    sourcesOf('A B=1', { unread: ['OLD'], makesImage: true }),
    ['3: env-unset env.A', '3: env-default env', '3: env-unread env.OLD'],
  ],
  [
    'the image is of this source',
    'name: shop\nimage: me/shop:5\nenv: { A: b, OLD: x }\n',
    sourcesOf('A', { unread: ['OLD'] }),
    ['3: env-unread env.OLD'],
  ],
  [
    'a support container has variables of its own',
    'name: shop\nsupport: { s: { image: a, env: { OLD: x } } }\n',
    sourcesOf('', { unread: ['OLD'] }),
    [],
  ],
  [
    'put to rest',
    'name: shop\n# minicloud-disable-next-line manifest/env-unread\nenv: { OLD: x }\n',
    sourcesOf('', { unread: ['OLD'] }),
    [],
  ],
];

describe('what the source says about a manifest', () => {
  for (const [why, manifest, sources, expected] of rows) {
    test(why, () => assert.deepEqual(told(manifest, sources), expected));
  }

  test('the list of their codes is whole', () => {
    assert.deepEqual(
      sourceRules.map(({ code }) => code),
      sourceRuleCodes,
    );
  });

  test('nothing, while it is not known', () => {
    assert.deepEqual(told('name: shop\nenv: { OLD: x }\n', undefined), []);
  });

  test('an idle comment about it is not called idle: the source may tell later', () => {
    const { diagnostics } = parseManifestDocument(
      'name: shop\n# minicloud-disable-next-line manifest/env-unset\nenv: { A: b }\n',
    );
    assert.deepEqual(diagnostics, []);
  });

  test('the message says where, and what to do; the place can be opened', () => {
    const facts: ServerFacts = {
      ...{ complete: true, asOf: 0, serverDomain: 'd', domains: [], apps: [], features: ['secrets'] },
      secrets: { shop: ['STRIPE_KEY'] },
    };
    const sources = sourcesOf('DATABASE_URL LOG NODE_ENV STRIPE_KEY');
    const found = checkAgainstSource(parseManifestDocument('name: shop\n'), sources, facts);
    assert.deepEqual(
      found.map(({ message }) => message),
      [
        'DATABASE_URL is read in src/app.ts:1, and neither the manifest nor the server sets it; write needs: database, which brings it, or add it to env.',
        'LOG is read in src/app.ts:2, and neither the manifest nor the server sets it; add it to env, or to secrets when nobody may see it.',
        'NODE_ENV is read in src/app.ts:3, and neither the manifest nor the server sets it; add it to env, as production where that is meant.',
        'STRIPE_KEY is read in src/app.ts:4, and neither the manifest nor the server sets it; there is a secret of this name on the server: name it under secrets.',
      ],
    );
    const at = { line: 1, character: 0 };
    assert.deepEqual(found[1]?.related, [
      { message: 'LOG is read here.', file: 'src/app.ts', range: { start: at, end: at } },
    ]);
    assert.ok(found.every(({ severity }) => severity === 'hint'));
    const withVars = { ...facts, config: { shop: ['LOG'], other: ['NODE_ENV'] } };
    const left = checkAgainstSource(parseManifestDocument('name: shop\n'), sources, withVars);
    assert.deepEqual(
      left.map(({ message }) => message.split(' ')[0]),
      ['DATABASE_URL', 'NODE_ENV', 'STRIPE_KEY'],
      'the server sets LOG',
    );
  });

  test('many defaults are one hint', () => {
    const message = (reads: string): string | undefined =>
      checkAgainstSource(parseManifestDocument('name: shop\n'), sourcesOf(reads))[0]?.message;
    assert.match(message('A=1') ?? '', /^A is read and not set; the source has a default, or does without it\./);
    assert.match(
      message('B=1 A=1') ?? '',
      /^A and B are read and not set; the source has defaults, or does without them\./,
    );
    assert.match(message('A=1 B=1 C=1 D=1 E=1 F=1 G=1 H=1') ?? '', /^A, B, C, D, E and 3 more are read/);
  });
});
