/** The report of an import: complete, and harmless whatever the imported file said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Imported } from 'minicloud-shared/import/model';
import { untranslated } from '../translate.ts';
import { runImport } from './importer.ts';
import { outcomeText, reportText } from './report-text.ts';

const imported: Imported = {
  ok: true,
  ...{ manifest: 'name: shop\n', app: 'shop', services: [] },
  mapped: [{ field: 'services.web.image', to: 'image' }],
  notMapped: [{ field: 'services.web.`x`', why: '![picture](https://example.com/x.png) <img src=x> [link](x)' }],
  secrets: [{ name: 'API_KEY', field: 'services.web.environment.API_KEY' }],
  notes: ['One *note*.'],
  notOffered: [{ feature: 'secrets', path: 'secrets', label: 'secrets', remedy: 'upgrade the server' }],
};

test('everything is in it, and nothing of the file is a picture or a link', () => {
  const lines = reportText('compose.yml', imported, untranslated, 'my server').split('\n');
  assert.deepEqual(lines, [
    '# Import of compose.yml',
    '',
    '1 field mapped, 1 not. Nothing was written yet.',
    '',
    '## Not available on my server yet (1)',
    '',
    '- `secrets`: secrets. A deploy is refused while it is there: take it out, or upgrade the server.',
    '',
    '## To be set on the server (1)',
    '',
    '- `API_KEY` ← `services.web.environment.API_KEY`',
    '',
    '## Not taken over (1)',
    '',
    '- `services.web.ˋxˋ`: !\\[picture\\](https://example.com/x.png) \\<img src=x\\> \\[link\\](x)',
    '',
    '## To know (1)',
    '',
    '- One *note*.',
    '',
    '## Mapped (1)',
    '',
    '- `services.web.image` → image',
    '',
  ]);
});

test('one is told as one, and several as several', () => {
  const { mapped, notMapped } = imported;
  assert.equal(
    outcomeText('a', imported, untranslated),
    'a: 1 field mapped, 1 not, 1 secret to set. Not available in this version of Minicloud yet: secrets.',
  );
  assert.match(outcomeText('a', imported, untranslated, 'home'), /\. Not available on home yet: secrets\.$/);
  const more = {
    ...{ ...imported, notOffered: [], secrets: [] },
    ...{ mapped: [...mapped, ...mapped], notMapped: [...notMapped, ...notMapped] },
  };
  assert.equal(outcomeText('a', more, untranslated), 'a: 2 fields mapped, 2 not, 0 secrets to set.');
});

test('files are asked for until nothing is new, and what can not be imported is answered with nothing', async () => {
  const files: Record<string, string> = {
    'parts/base.yml': 'services: { base: { image: a, env_file: base.env } }',
    'parts/base.env': 'COLOUR=red\n',
  };
  const asked: string[] = [];
  const text = 'services: { web: { extends: { file: parts/base.yml, service: base } } }';
  const result = await runImport({ file: 'stack.yml', folder: 'shop', text }, async (path) => {
    asked.push(path);
    return files[path];
  });
  assert.ok(result?.ok);
  assert.match(result.manifest, /COLOUR: red/);
  assert.deepEqual(asked, ['.env', 'parts/base.yml', 'parts/base.env']);
  assert.equal(await runImport({ file: 'README.md', folder: 'shop', text: 'Hello' }, async () => undefined), undefined);
});
