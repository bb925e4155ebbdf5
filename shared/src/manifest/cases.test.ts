/**
 * The tables of cases in `test/fixtures/manifests`: every diagnostic with its place, its wording, and its fix.
 *
 * With UPDATE_SNAPSHOTS=1 the expectations are written anew; the difference is then to be read like code.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatDiagnostic } from './format.ts';
import type { Diagnostic } from './model.ts';
import { parseManifest } from './parse.ts';
import { applyFix } from './source.ts';

interface Case {
  title: string;
  text: string;
  expected: string[];
}

const folder = new URL('../../../test/fixtures/manifests/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.cases'));
const update = process.env.UPDATE_SNAPSHOTS === '1';

const tables = files.map((file) => {
  const [head = '', ...parts] = readFileSync(new URL(file, folder), 'utf8').split(/^=== /m);
  const cases = parts.map((part): Case => {
    const titleEnd = part.indexOf('\n');
    const [text = '', expected = ''] = part.slice(titleEnd + 1).split(/^>>>\n/m);
    return { title: part.slice(0, titleEnd), text, expected: expected.split('\n').filter((line) => line !== '') };
  });
  return { file, head, cases };
});
const all = tables.flatMap((table) => table.cases.map((item) => ({ ...item, file: table.file })));

/** `error manifest/port-range expose[0].port 3:9-3:14`, counted from 1. */
function line({ severity, code, path, range }: Diagnostic): string {
  const place = [range.start, range.end].map((at) => `${at.line + 1}:${at.character + 1}`).join('-');
  return [severity, code, path === '' ? '.' : path, place].join(' ');
}

if (update) {
  for (const { file, head, cases } of tables) {
    const parts = cases.map(({ title, text }) => {
      const found = parseManifest(text).diagnostics.map((diagnostic) => `${line(diagnostic)}\n`);
      return `=== ${title}\n${text}>>>\n${found.join('')}\n`;
    });
    writeFileSync(new URL(file, folder), `${head}${parts.join('')}`.replace(/\n+$/, '\n'));
  }
}

test('there are enough cases to mean something', () => {
  assert.ok(all.length >= 120, `only ${all.length} cases`);
});

for (const { file, title, text, expected } of all) {
  test(`${file}: ${title}`, () => {
    const { manifest, diagnostics } = parseManifest(text);
    if (!update) assert.deepEqual(diagnostics.map(line), expected);
    assert.equal(
      manifest !== undefined,
      diagnostics.every((diagnostic) => diagnostic.severity !== 'error'),
    );
  });
}

test('every message reads as it was agreed', () => {
  const snapshot = new URL('messages.txt', folder);
  const shown = all
    .map(({ title, text }) => {
      const { diagnostics } = parseManifest(text);
      const fixes = diagnostics.flatMap(({ fix, code }) => (fix ? [`fix for ${code}: ${fix.title}`] : []));
      const last = diagnostics.at(-1);
      const formatted = diagnostics
        .map((item) =>
          formatDiagnostic(text, 'cloud_manifest.yml', item, item === last ? 'Nothing was changed.' : undefined),
        )
        .join('\n');
      return [`=== ${title}`, ...(formatted === '' ? [] : [formatted]), ...fixes].join('\n');
    })
    .join('\n\n');
  if (update) writeFileSync(snapshot, `${shown}\n`);
  assert.equal(`${shown}\n`, readFileSync(snapshot, 'utf8'));
});

test('every fix makes its diagnostic go and brings no new one', () => {
  let fixes = 0;
  for (const { title, text } of all) {
    const before = parseManifest(text).diagnostics;
    for (const diagnostic of before) {
      if (!diagnostic.fix) continue;
      fixes++;
      const fixed = applyFix(text, diagnostic.fix);
      const after = parseManifest(fixed).diagnostics;
      const gone = count(after, diagnostic.code) < count(before, diagnostic.code);
      assert.ok(gone, `${title}: "${diagnostic.fix.title}" leaves ${diagnostic.code}\n${fixed}`);
      for (const { code, message } of after) {
        assert.ok(count(after, code) <= count(before, code), `${title}: the fix brings ${code}: ${message}\n${fixed}`);
      }
    }
  }
  assert.ok(fixes >= 40, `only ${fixes} fixes were tried`);
});

test('a message names a remedy and never holds a key or the word undefined', () => {
  for (const { title, text } of all) {
    for (const { code, message } of parseManifest(text).diagnostics) {
      assert.match(code, /^manifest\/[a-z-]+$/);
      assert.match(message, /[.?]$/, title);
      assert.doesNotMatch(message, /undefined|\[object|NaN|sk_live_4eC39|AKIAIOSFODNN7|hunter2|s3cr3tpw/, title);
    }
  }
});

function count(list: readonly Diagnostic[], code: string): number {
  return list.filter((diagnostic) => diagnostic.code === code).length;
}
