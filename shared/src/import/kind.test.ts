/** What a file is taken for, by its name and by its text. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { filesFor, importApp, kindOf, likeliest } from './import.ts';
import type { ImportInput } from './model.ts';

const inspected = new URL('../../../test/fixtures/import/container/inspect.json', import.meta.url);

test('the Procfile that was chosen counts, whatever it is called', () => {
  for (const file of ['Procfile.dev', 'the clipboard']) {
    const input: ImportInput = { kind: 'heroku', file, text: 'web: npm run chosen\n', folder: 'shop' };
    const files = new Map([['Procfile', 'web: npm run other\n']]);
    const result = importApp({ ...input, files });
    assert.ok(result.ok, file);
    const { processes } = parse(result.manifest) as Record<string, unknown>;
    assert.deepEqual(processes, { web: { command: ['npm', 'run', 'chosen'] } }, file);
    assert.match(result.manifest, new RegExp(`^# Made from ${file}\\.`));
    assert.deepEqual(filesFor(input), ['app.json', 'Dockerfile']);
  }
});

test('what Compose puts over a file by itself is told, and not of a file of another name', () => {
  const text = 'services: { web: { image: a } }\n';
  const rows: [file: string, beside: string, told: boolean][] = [
    ['docker-compose.yml', 'docker-compose.override.yml', true],
    ['compose.yaml', 'compose.override.yaml', true],
    ['docker-compose.prod.yml', 'docker-compose.override.yml', false],
    ['docker-compose.yml', 'docker-compose.prod.yml', false],
  ];
  for (const [file, beside, told] of rows) {
    const input: ImportInput = { kind: 'compose', file, text, folder: 'shop' };
    // What is beside it comes only when it was asked for.
    const files = new Map(
      filesFor(input)
        .filter((name) => name === beside)
        .map((name) => [name, text]),
    );
    const result = importApp({ ...input, files });
    assert.ok(result.ok, file);
    assert.equal(
      result.notes.some((note) => note.startsWith(`${beside} is beside it`)),
      told,
      `${file}, ${beside}`,
    );
  }
});

test('what a file is, by its name and by what is in it', () => {
  const kinds = [
    'docker-compose.yml',
    'compose.yaml',
    'docker-compose.prod.yml',
    'Procfile',
    'Procfile.dev',
    'app.json',
    'captain-definition',
    'README.md',
  ].map((name) => kindOf(name));
  assert.deepEqual(kinds, ['compose', 'compose', 'compose', 'heroku', 'heroku', 'heroku', 'caprover', undefined]);
  assert.equal(kindOf('-', readFileSync(inspected, 'utf8')), 'container');
  assert.equal(kindOf('stack.yml', 'services:\n  a: {}\n'), 'compose');
  const texts: [text: string, kind: string | undefined][] = [
    ['# processes\nweb: npm start\r\n\nclock: node clock.js\n', 'heroku'],
    ['\ufeffworker: node work.js', 'heroku'],
    ['apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n', undefined],
    ['web: npm start\nNOTE\n', undefined],
    ['name: shop\nversion: 1\n', undefined],
    ['', undefined],
  ];
  for (const [text, kind] of texts) assert.equal(kindOf('the clipboard', text), kind, text);
  assert.equal(likeliest(['Procfile', 'docker-compose.yml', 'a']), 'docker-compose.yml');
});
