/** What the command line loads for every word typed, asserted on what is built. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Metafile } from 'esbuild';
import { runCommand } from '../src/platform/exec.ts';
import { buildCli } from './build.ts';

const root = path.resolve(import.meta.dirname, '../..');
let folder: string;
let outputs: Metafile['outputs'];
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'minicloud-bundles-'));
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }');
  ({ outputs } = await buildCli(root, folder));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Files of all that is loaded before a command runs. */
function loadedAtOnce(): string[] {
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const { path: other, kind } of outputs[name]?.imports ?? [])
      if (kind === 'import-statement' && outputs[other]) visit(other);
  };
  const cli = Object.keys(outputs).find((name) => name.endsWith('/cli.js'));
  assert.ok(cli);
  visit(cli);
  return [...seen].flatMap((name) => Object.keys(outputs[name]?.inputs ?? {}));
}

const minicloud = (...words: string[]) => runCommand([process.execPath, path.join(folder, 'cli.js'), ...words]);

test('neither zod nor YAML nor the language of manifests is loaded for every word typed', () => {
  const loaded = loadedAtOnce();
  assert.ok(loaded.some((file) => file.endsWith('server/src/cli/commands/deploy.ts')));
  assert.deepEqual(
    loaded.filter((file) => /node_modules\/(zod|yaml)\/|shared\/src\/(manifest\/parse|import)/.test(file)),
    [],
  );
});

test('validate, schema and import work from the bundles, and their problems are told like any other', async () => {
  const manifest = path.join(folder, 'cloud_manifest.yml');
  await writeFile(manifest, 'name: shop\nimage: shop:1\nexpose: [{ port: 70000 }]\n');
  const wrong = await minicloud('validate', manifest);
  assert.equal(wrong.exitCode, 5, wrong.stderr);
  assert.match(wrong.stdout, /70000/);
  const schema = await minicloud('schema');
  assert.equal(typeof (JSON.parse(schema.stdout) as { properties: unknown }).properties, 'object');
  const missing = await minicloud('validate', path.join(folder, 'nowhere.yml'), '--json');
  assert.match(missing.stderr, /"problem"/, missing.stdout);
  const nothing = await minicloud('import', path.join(folder, 'package.json'));
  assert.notEqual(nothing.exitCode, 0);
  assert.doesNotMatch(nothing.stderr, /internal|Something in Minicloud failed/);
});
