/** Every fix of every diagnostic of every case, in every way that a manifest can be written. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { catalogue } from 'minicloud-shared/manifest/catalogue';
import type { Diagnostic, ServerFacts, SourceReads } from 'minicloud-shared/manifest/model';
import { parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { applyFix } from 'minicloud-shared/manifest/source';
import { parseDocument, stringify } from 'yaml';
import { diagnose } from './diagnose.ts';
import { fixAll, fixers, fixesOf } from './fix.ts';

const folder = new URL('../../../test/fixtures/manifests/', import.meta.url);
const facts: ServerFacts = {
  complete: true,
  asOf: 0,
  serverDomain: 'cloud.example.com',
  domains: [{ name: 'taken.example.com', app: 'blog' }],
  apps: ['blog'],
  secrets: { shop: ['STRIPE_KEY'] },
  features: ['needs.database.mariadb', 'secrets', 'placement'],
};

interface Case {
  title: string;
  text: string;
  fileName?: string;
  facts?: ServerFacts;
  sources?: SourceReads;
}

const fromTables: Case[] = readdirSync(folder)
  .filter((name) => name.endsWith('.cases'))
  .flatMap((name) => readFileSync(new URL(name, folder), 'utf8').split(/^=== /m).slice(1))
  .map((part) => ({
    title: part.slice(0, part.indexOf('\n')),
    text: part.slice(part.indexOf('\n') + 1).split(/^>>>\n/m)[0] ?? '',
  }));

function reading(more: { fallback?: string }, name = 'LOG_LEVEL'): SourceReads {
  const at = (each: string, line: number) => ({ name: each, file: 'a.ts', line, ...more });
  return { reads: [at(name, 1), at('MODE', 2)], imageSets: [], unread: [] };
}

/** What needs facts, the source, a file name, or more room than a table of cases has. */
const more: Case[] = [
  {
    title: 'a domain of another app',
    text: 'name: shop\nexpose: [{ port: 80, domains: [taken.example.com] }]\n',
    facts,
  },
  { title: 'a secret misspelled', text: 'name: shop\nsecrets: [STRIPE_KYE]\n', facts },
  { title: 'needs that are not there yet', text: 'name: shop\nneeds:\n- database\n- cache\n- messagebus\n', facts },
  { title: 'an engine that is not there', text: 'name: shop\nneeds: [{ database: { engine: postgres } }]\n', facts },
  { title: 'a section that is not there', text: 'name: shop\nbackup: { schedule: "0 2 * * *" }\n', facts },
  {
    title: 'more replicas than there is room for',
    text: 'name: shop\nprocesses: { web: { count: 12 }, worker: { count: 4 } }\n',
    facts: { ...facts, room: { replicas: 15, support: 16 } },
  },
  {
    title: 'more support containers than there is room for',
    text: 'name: shop\nsupport: { a: { image: "a:1" }, b: { image: "b:1" } }\n',
    facts: { ...facts, features: ['support'], room: { replicas: 15, support: 1 } },
  },
  { title: 'an app that is not there', text: 'name: shop\nplacement: { near: blgo }\n', facts },
  { title: 'a variable that nothing sets', text: 'name: shop\n', sources: reading({}) },
  { title: 'variables beside others', text: 'name: shop\nenv:\n  A: b\nsecrets: [B]\n', sources: reading({}) },
  {
    title: 'a variable that has a need',
    text: 'name: shop\nneeds: [storage]\n',
    sources: reading({}, 'DATABASE_URL'),
    facts,
  },
  {
    title: 'a secret that has a value',
    text: 'name: shop\nenv: { A: b }\n',
    sources: reading({}, 'STRIPE_KEY'),
    facts,
  },
  { title: 'defaults', text: 'name: shop\nenv: {}\n', sources: reading({ fallback: '3000' }) },
  { title: 'defaults beside others', text: 'name: shop\nenv: { A: b }\n', sources: reading({ fallback: 'yes' }) },
  {
    title: 'variables that nothing reads',
    text: 'name: shop\nenv: { OLD: a, A: b }\nsecrets:\n- OLDER\n- B\n',
    sources: { reads: [], imageSets: [], unread: ['OLD', 'OLDER'] },
  },
  { title: 'YAML named JSON', text: 'name: shop\nneeds: [database]\n', fileName: 'cloud_manifest.json' },
];
const cases = [...fromTables, ...more];

/** The same manifest as other people would have written it. Texts that can't be read have one form only. */
function forms({ text }: Case): [form: string, text: string][] {
  const original: [string, string][] = [
    ['as it is', text],
    ['CRLF', text.replace(/\r?\n/g, '\r\n')],
    ['without the last line end', text.trimEnd()],
    ['behind a comment', `# What it is.\n${text}`],
  ];
  const doc = parseDocument(text, { uniqueKeys: true });
  if (doc.errors.length > 0 || doc.warnings.length > 0 || /[&*]\w|<<|!/.test(text) || !doc.contents) return original;
  const data: unknown = doc.toJS();
  const block = (options: object): string => stringify(data, { lineWidth: 0, ...options });
  return [
    ...original,
    ['JSON', JSON.stringify(data)],
    ['JSON, two columns', `${JSON.stringify(data, null, 2)}\n`],
    ['JSON, four columns', `${JSON.stringify(data, null, 4)}\n`],
    ['block, two columns', block({ indent: 2 })],
    ['block, four columns', block({ indent: 4 })],
    ['block, lists not indented', block({ indent: 4, indentSeq: false })],
    ['brackets', stringify(data, { collectionStyle: 'flow', lineWidth: 0 })],
    ['brackets over lines', stringify(data, { collectionStyle: 'flow', lineWidth: 20 })],
  ];
}

const count = (list: readonly Diagnostic[], code: string): number => list.filter((each) => each.code === code).length;

/** How often a code was met and mended, by form. */
const met = new Map<string, Map<string, { found: number; fixed: number }>>();

describe('fixes', () => {
  for (const item of cases) {
    test(item.title, () => {
      for (const [form, text] of forms(item)) {
        const options = {
          ...(item.facts ? { facts: item.facts } : {}),
          ...(item.sources ? { sources: item.sources } : {}),
          ...(item.fileName ? { fileName: item.fileName } : {}),
        };
        const read = (source: string) => parseManifestDocument(source, options);
        const document = read(text);
        const before = diagnose(document, options);
        for (const diagnostic of before) {
          const actions = fixesOf(document, diagnostic, options);
          tally(diagnostic.code, form, actions.length > 0);
          assert.equal(actions.filter(({ preferred }) => preferred).length, Math.min(1, actions.length));
          for (const { title, edits = [] } of actions) {
            const fixed = applyFix(text, { title, edits });
            const after = diagnose(read(fixed), options);
            const where = `${form}: "${title}" for ${diagnostic.code}\n${text}\nbecomes\n${fixed}`;
            assert.ok(count(after, diagnostic.code) < count(before, diagnostic.code), `it stays: ${where}`);
            for (const { code, message } of after) {
              const fresh = code !== 'manifest/secret-value' && count(after, code) > count(before, code);
              assert.ok(!fresh, `it brings ${code}: ${message}: ${where}`);
            }
            if (text.includes('\r\n')) assert.ok(!/[^\r]\n/.test(fixed.slice(0, -1)), `line ends: ${where}`);
          }
        }
      }
    });
  }

  test('every code with a fixer is mended in every form that it comes in', () => {
    const lacking: string[] = [];
    for (const code of Object.keys(fixers)) {
      const found = met.get(code);
      if (!found) lacking.push(`${code}: in no case`);
      for (const [form, { fixed, found: times }] of found ?? [])
        if (fixed === 0) lacking.push(`${code}: ${form}, ${times} times`);
    }
    // JSON would lose the comment.
    assert.deepEqual(lacking, ['manifest/not-json: behind a comment, 1 times']);
  });

  test('what has no fix is what nobody could mend for a person', () => {
    const without = catalogue.map(({ code }) => code).filter((code) => !fixers[code] && !mendedByItself.has(code));
    assert.deepEqual(without, unmendable);
  });
});

/** Their fix comes with the diagnostic, from `shared`. */
const mendedByItself = new Set(['manifest/quote', 'manifest/number']);
const unmendable = [
  'manifest/documents',
  'manifest/key',
  'manifest/too-large',
  'manifest/too-deep',
  'manifest/unreadable',
  'manifest/more',
];

function tally(code: string, form: string, fixed: boolean): void {
  const forms = met.get(code) ?? new Map<string, { found: number; fixed: number }>();
  const before = forms.get(form) ?? { found: 0, fixed: 0 };
  forms.set(form, { found: before.found + 1, fixed: before.fixed + (fixed ? 1 : 0) });
  met.set(code, forms);
}

/** What a person sees for one case, letter by letter. */
const rows: [name: string, text: string, code: string, title: string, expected: string][] = [
  [
    'the second entry of a block goes with its lines',
    'name: shop\nexpose:\n- port: 80\n- port: 80 # again\n# Variables.\nenv: { A: b }\n',
    'manifest/port-twice',
    'Remove this entry',
    'name: shop\nexpose:\n- port: 80\n# Variables.\nenv: { A: b }\n',
  ],
  [
    'a port moves to the next free one',
    'name: shop\nexpose:\n- port: 80\n- port: 81\n  domains: [a.example.com]\n- port: 80\n  domains: [b.example.com]\n',
    'manifest/port-twice',
    'Change to 82',
    'name: shop\nexpose:\n- port: 80\n- port: 81\n  domains: [a.example.com]\n- port: 82\n  domains: [b.example.com]\n',
  ],
  [
    'a key moves to the secrets, and an empty section goes',
    'name: shop\nenv:\n    ADMIN_PASSWORD: hunter2hunter2\nsecrets:\n    - STRIPE_KEY\n',
    'manifest/secret-in-env',
    'Move ADMIN_PASSWORD to the secrets',
    'name: shop\nsecrets:\n    - STRIPE_KEY\n    - ADMIN_PASSWORD\n',
  ],
  [
    'a section is added in JSON, in the columns of the file',
    '{\n    "name": "db",\n    "needs": [\n        {\n            "storage": { "path": "/var/lib/mysql" }\n        }\n    ]\n}\n',
    'manifest/stop-first-needed',
    'Stop the old release first',
    '{\n    "name": "db",\n    "needs": [\n        {\n            "storage": { "path": "/var/lib/mysql" }\n        }\n    ],\n    "rollout": { "strategy": "stop-first" }\n}\n',
  ],
  [
    'a healthcheck is added behind the last key',
    'name: shop\nexpose: [{ port: 80 }]\nprocesses:\n  web: { count: 2 }\n# The end.\n',
    'manifest/healthcheck-unsaid',
    'Add a healthcheck',
    'name: shop\nexpose: [{ port: 80 }]\nprocesses:\n  web: { count: 2 }\nhealthcheck:\n  path: /\n# The end.\n',
  ],
  [
    'a required key is added to an entry',
    'name: shop\nexpose:\n  - proto: http\n',
    'manifest/missing-key',
    'Add port',
    'name: shop\nexpose:\n  - proto: http\n    port: 80\n',
  ],
  [
    'a renamed process takes its route along',
    'name: shop\nneeds: [database]\nexpose: [{ port: 80, process: mariadb }]\nprocesses: { mariadb: { count: 1 } }\n',
    'manifest/reserved-name',
    'Rename to mariadb-own',
    'name: shop\nneeds: [database]\nexpose: [{ port: 80, process: mariadb-own }]\nprocesses: { mariadb-own: { count: 1 } }\n',
  ],
];
for (const [name, text, code, title, expected] of rows) {
  test(name, () => {
    const document = parseManifestDocument(text);
    const diagnostic = diagnose(document).find((each) => each.code === code) ?? assert.fail(`no ${code}`);
    const actions = fixesOf(document, diagnostic);
    const action = actions.find((each) => each.title === title) ?? assert.fail(JSON.stringify(actions));
    assert.equal(applyFix(text, { title, edits: action.edits ?? [] }), expected);
  });
}

test('fix all mends what is beyond doubt, removes nothing, and follows no opinion', () => {
  const text =
    'nmae: Shop\r\nenviroment: stagin\r\nexpose:\r\n- port: "80"\r\n  tiemout: 30\r\n- port: 80 # kept\r\nneeds: storage\r\nenv: { V: 0123 }\r\n';
  const document = parseManifestDocument(text);
  const fixed = applyFix(text, { title: '', edits: fixAll(document) });
  assert.equal(
    fixed,
    'name: shop\r\nenvironment: staging\r\nexpose:\r\n- port: 80\r\n  timeout: 30s\r\n- port: 80 # kept\r\nneeds: [storage]\r\nenv: { V: "0123" }\r\n',
  );
  assert.deepEqual(
    diagnose(parseManifestDocument(fixed)).map(({ code }) => code),
    ['manifest/port-twice', 'manifest/expose-without-domain', 'manifest/stop-first-unsaid'],
  );
  assert.deepEqual(fixAll(parseManifestDocument(fixed)), []);
  for (const { text } of cases) assert.doesNotThrow(() => fixAll(parseManifestDocument(text)));
});
