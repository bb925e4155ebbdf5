/** The list of everything a manifest can be told, and the pages made from it. UPDATE_SNAPSHOTS=1 writes them anew. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type CatalogueEntry, catalogue, isOpinion } from './catalogue.ts';
import { parseManifest } from './parse.ts';

const fixtures = new URL('../../../test/fixtures/manifests/', import.meta.url);
const page = new URL('../../docs/manifest-rules.md', import.meta.url);

interface Sample {
  text: string;
  found: { code: string; severity: string; message: string }[];
}

const samples: Sample[] = readdirSync(fixtures)
  .filter((name) => name.endsWith('.cases'))
  .flatMap((name) =>
    readFileSync(new URL(name, fixtures), 'utf8')
      .split(/^=== .*\n/m)
      .slice(1),
  )
  .map((part) => part.split(/^>>>\n/m)[0] ?? '')
  .map((text) => ({ text, found: parseManifest(text).diagnostics }));

test('every diagnostic of every case is in the catalogue with its severity', () => {
  const known = new Map(catalogue.map(({ code, severity }) => [code, severity]));
  assert.equal(known.size, catalogue.length, 'a code is there twice');
  for (const { found } of samples)
    for (const { code, severity } of found) assert.equal(known.get(code), severity, code);
});

test('every code that stands in the sources is in the catalogue', () => {
  const folder = new URL('./', import.meta.url);
  const known = new Set(catalogue.map(({ code }) => code));
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))) {
    const source = readFileSync(new URL(file, folder), 'utf8').replace(/^import .*$|from '.*'/gm, '');
    for (const [, code = ''] of source.matchAll(/'(manifest\/[a-z-]+)'/g))
      assert.ok(known.has(code), `${file}: ${code}`);
  }
});

test('an error is no opinion, everything else is', () => {
  assert.ok(!isOpinion('manifest/port-twice'));
  assert.ok(isOpinion('manifest/stop-first-unsaid'));
  assert.ok(isOpinion('manifest/placement-unknown'));
  assert.ok(!isOpinion('manifest/domain-owned'));
});

test('every rule is on the page, with an example where there is a case', () => {
  const written = markdown();
  if (process.env.UPDATE_SNAPSHOTS === '1') writeFileSync(page, written);
  assert.equal(readFileSync(page, 'utf8'), written);
  for (const { code } of catalogue) assert.ok(written.includes(`\n## ${code.slice('manifest/'.length)}\n`), code);
});

function markdown(): string {
  return `# What a manifest is told

Made from the tables of rules; each part is what one code means. Errors are what the server refuses, too: they can
not be turned off. Everything else is an opinion: it can be put to rest for one line by a comment above it,

\`\`\`yaml
# minicloud-disable-next-line manifest/stop-first-unsaid -- the app locks its files
needs: [storage]
\`\`\`

or everywhere by the setting \`minicloud.manifest.severity\`, which also makes it louder. Hints are shown in the editor only.

${catalogue.map(section).join('\n\n')}
`;
}

const told: Record<CatalogueEntry['seen'], string> = {
  text: '',
  server: '; told when the server’s facts are known and fresh',
  source: '; told when the source beside the manifest was looked through',
};

function section({ code, severity, summary, seen }: CatalogueEntry): string {
  const kind = severity === 'error' ? 'error' : `${severity}, an opinion`;
  const where = told[seen];
  const example = exampleOf(code);
  return [
    `## ${code.slice('manifest/'.length)}`,
    summary,
    `\`${code}\` · ${kind}${where}.`,
    ...(example
      ? [`For example:\n\n\`\`\`yaml\n${example.text.trimEnd()}\n\`\`\``, `> ${escaped(example.message)}`]
      : []),
  ].join('\n\n');
}

/** The shortest case in which the code is alone. */
function exampleOf(code: string): { text: string; message: string } | undefined {
  const [best] = samples
    .filter(({ text, found }) => found.length === 1 && found[0]?.code === code && text.length < 300)
    .filter(({ text }) => !/[^\n -~\u00a0-\uffff]/.test(text))
    .sort((a, b) => a.text.length - b.text.length);
  const message = best?.found[0]?.message;
  return best && message !== undefined ? { text: best.text, message } : undefined;
}

/** As plain text in Markdown. */
function escaped(text: string): string {
  return text.replace(/[\\`*_<>[\]#|~]/g, '\\$&');
}
