/** Every fix of every diagnostic of every case, in every way that a manifest can be written. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { catalogue } from 'minicloud-shared/manifest/catalogue';
import type { Diagnostic } from 'minicloud-shared/manifest/model';
import { parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { serverRules } from 'minicloud-shared/manifest/server-rules';
import { applyFix } from 'minicloud-shared/manifest/source';
import { diagnose } from './diagnose.ts';
import { fixAll, fixers, fixesOf } from './fix.ts';
import { fixCases, forms, optionsOf, serverFacts } from './fix-cases.ts';

const count = (list: readonly Diagnostic[], code: string): number => list.filter((each) => each.code === code).length;

/** How often a code was met and mended, by form. */
const met = new Map<string, Map<string, { found: number; fixed: number }>>();

describe('fixes', () => {
  for (const item of fixCases) {
    test(item.title, () => {
      for (const [form, text] of forms(item)) {
        const options = optionsOf(item);
        const read = (source: string) => parseManifestDocument(source, options);
        const document = read(text);
        const before = diagnose(document, options);
        const broken = document.manifest === undefined;
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
              // What only the server knows is looked for when nothing else is wrong.
              const hidden = broken && serverRules.some((rule) => rule.code === code);
              const fresh = code !== 'manifest/secret-value' && !hidden && count(after, code) > count(before, code);
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
    'Move ADMIN_PASSWORD to the secrets, leaving no env',
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
  [
    'a key of a list entry that is there twice leaves no dash alone',
    'name: shop\nexpose:\n  - port: 80 # first\n    # Why.\n    port: 81\n',
    'manifest/duplicate-key',
    'Keep this one, remove the first',
    'name: shop\nexpose:\n  - port: 81\n',
  ],
  [
    'the last variable moves to secrets that are not there yet',
    'name: shop\nimage: a:1\nenv:\n  A: b\n  API_KEY: sk_live_1234567890abcdef1234',
    'manifest/secret-in-env',
    'Move API_KEY to the secrets',
    'name: shop\nimage: a:1\nenv:\n  A: b\nsecrets:\n- API_KEY\n',
  ],
  [
    'a section of one variable moves, with the line ends of the file',
    'name: shop\r\nenv:\r\n  API_KEY: sk_live_1234567890abcdef1234\r\n',
    'manifest/secret-in-env',
    'Move API_KEY to the secrets, leaving no env',
    'name: shop\r\nsecrets:\r\n- API_KEY\r\n',
  ],
  [
    'a need without its engine is its word',
    'name: shop\nneeds:\n  - database: # all of it\n      engine: postgres # not here\n  - storage\n',
    'manifest/not-available',
    'Remove engine',
    'name: shop\nneeds:\n  - database # all of it\n  - storage\n',
  ],
  [
    'and when it is the only one',
    '{ name: shop, needs: [{ database: { engine: postgres } }] }\n',
    'manifest/not-available',
    'Remove engine',
    '{ name: shop, needs: [database] }\n',
  ],
  [
    'an entry of which nothing is left stays an entry',
    'name: shop\nexpose:\n  - frob: 80 # web\n',
    'manifest/unknown-key',
    'Remove frob',
    'name: shop\nexpose:\n  - {} # web\n',
  ],
  [
    'a process of which nothing is left stays a process',
    'name: shop\nprocesses:\n  worker: # nightly\n    frob: 80\n  web: {}\n',
    'manifest/unknown-key',
    'Remove frob',
    'name: shop\nprocesses:\n  worker: {} # nightly\n  web: {}\n',
  ],
  [
    'an app that is built is built without the key, too',
    'name: shop\nbuild:\n  dockerfile:\n    frob: x\n',
    'manifest/unknown-key',
    'Remove frob, leaving no dockerfile',
    'name: shop\nbuild: {}\n',
  ],
  [
    'variables as Compose lists them become a map',
    'name: shop\nenv:\n- A=1 # one\n# two\n- B=x y\n- "C=d=e"\nimage: a:1\n',
    'manifest/type',
    'Make it a map',
    'name: shop\nenv:\n  A: "1" # one\n# two\n  B: "x y"\n  C: "d=e"\nimage: a:1\n',
  ],
  [
    'and in the columns that they have',
    'name: shop\nenv:\n    - A=1\n',
    'manifest/type',
    'Make it a map',
    'name: shop\nenv:\n    A: "1"\n',
  ],
];
for (const [name, text, code, title, expected] of rows) {
  test(name, () => {
    const options = {
      facts: { ...serverFacts, features: ['needs.database.mariadb', 'needs.storage', 'secrets', 'rollout.stop-first'] },
    };
    const document = parseManifestDocument(text);
    const found = diagnose(document, options);
    const diagnostic = found.find((each) => each.code === code) ?? assert.fail(`no ${code}`);
    const actions = fixesOf(document, diagnostic, options);
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
  for (const { text } of fixCases) assert.doesNotThrow(() => fixAll(parseManifestDocument(text)));
});
