/** Which files are looked at, how often, and what is said when not all of them were. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits, readsOf, type SourceTree, type SurveyCache, surveySource } from './survey.ts';

/** A tree in memory. */
function treeOf(files: Record<string, string>, over: Partial<SourceTree> = {}) {
  const asked = { read: [] as string[], pauses: 0 };
  const tree: SourceTree = {
    async list(folder) {
      const prefix = folder === '' ? '' : `${folder}/`;
      const inside = Object.keys(files).filter((file) => file.startsWith(prefix));
      const names = new Map(
        inside.map((file): [string, 'file' | 'folder'] => {
          const [name = '', ...rest] = file.slice(prefix.length).split('/');
          return [name, rest.length > 0 ? 'folder' : 'file'];
        }),
      );
      return [...names].map(([name, kind]) => ({ name, kind }));
    },
    async stat(file) {
      return { size: files[file]?.length ?? 0, mtime: 1 };
    },
    async read(file) {
      asked.read.push(file);
      return files[file] ?? assert.fail(`${file} is not there`);
    },
    async pause() {
      asked.pauses += 1;
    },
    now: () => 0,
    cancelled: () => false,
    ...over,
  };
  return { tree, asked };
}

test('sources are read, and what is made, ignored, foreign or an app of its own is not', async () => {
  const { tree, asked } = treeOf({
    '.gitignore': 'secret/\ngenerated.ts\n',
    '.git/a.ts': '',
    'a.ts': 'process.env.AA',
    'generated.ts': '',
    'lib/.gitignore': 'own.ts\n',
    'lib/b.py': '',
    'lib/own.ts': '',
    'logo.png': '',
    'node_modules/x/index.js': '',
    'other/cloud_manifest.yml': 'name: other',
    'other/c.ts': '',
    'python/pyvenv.cfg': '',
    'python/d.py': '',
    'README.md': '',
    'secret/e.ts': '',
    'vendor/f.php': '',
  });
  const { complete, scans } = await surveySource(tree);
  assert.deepEqual([...scans.keys()], ['a.ts', 'lib/b.py']);
  assert.ok(complete);
  assert.deepEqual(
    asked.read.filter((file) => !file.endsWith('.gitignore')),
    ['a.ts', 'lib/b.py'],
  );
});

test('the nearest .gitignore has the last word', async () => {
  const { tree } = treeOf({ '.gitignore': 'lib/a.ts\n', 'lib/.gitignore': '!a.ts', 'lib/a.ts': '' });
  assert.deepEqual([...(await surveySource(tree)).scans.keys()], ['lib/a.ts']);
});

test('a file that did not change is not read again, one that is gone is forgotten', async () => {
  const cache: SurveyCache = new Map();
  const files: Record<string, string> = { 'a.ts': 'process.env.AA', 'b.ts': 'process.env.BB' };
  await surveySource(treeOf(files).tree, cache);
  files['a.ts'] = 'process.env.CHANGED';
  delete files['b.ts'];
  files['c.ts'] = '';
  const { tree, asked } = treeOf(files);
  const survey = await surveySource(tree, cache);
  assert.deepEqual(asked.read, ['a.ts', 'c.ts']);
  assert.deepEqual([...cache.keys()], ['a.ts', 'c.ts']);
  assert.deepEqual(
    readsOf(survey, '').reads.map(({ name }) => name),
    ['CHANGED'],
  );
});

const setUnread = 'env: { UNREAD: 1 }';
const unread = async (files: Record<string, string>, over?: Partial<SourceTree>): Promise<string[]> =>
  readsOf(await surveySource(treeOf(files, over).tree), setUnread).unread;

test('a name is unread when everything was seen and nothing holds it', async () => {
  assert.deepEqual(await unread({ 'a.ts': 'x // UNREAD' }), ['UNREAD']);
  for (const [why, files] of Object.entries({
    'it is read': { 'a.ts': 'process.env.UNREAD' },
    'it is named': { 'a.ts': 'config("UNREAD")' },
    'names are worked out': { 'a.ts': 'process.env[name]' },
    'there is no source': { 'README.md': '' },
    'only the image is here': { Dockerfile: 'FROM grafana/grafana:12' },
    'a script names it': { 'a.ts': 'x', 'bin/start': 'exec app "$UNREAD"' },
    'a library works names out': { 'main.go': 'viper.AutomaticEnv()' },
    'what was made elsewhere is run': { 'a.ts': 'x', 'dist/server.js': 'process.env.UNREAD' },
    'a file is too large': { 'a.ts': 'x', 'b.ts': ' '.repeat(limits.bytes + 1) },
  })) {
    assert.deepEqual(await unread(files as unknown as Record<string, string>), [], why);
  }
  const ignored = { '.gitignore': 'dist/', 'a.ts': 'x', 'dist/server.js': '', 'vendor/b.go': '' };
  assert.deepEqual(await unread(ignored), ['UNREAD'], 'what is ignored is made of the rest');
});

test('an image is made by what lies beside the manifest', async () => {
  const made = async (file: string): Promise<boolean | undefined> =>
    readsOf(await surveySource(treeOf({ [file]: 'FROM x' }).tree), '').makesImage;
  assert.equal(await made('Dockerfile'), true);
  assert.equal(await made('shop.Containerfile'), true);
  assert.equal(await made('scripts/Dockerfile'), undefined);
  assert.equal(await made('a.ts'), undefined);
});

test('a folder or file that can not be read leaves the rest, and nothing is called unread', async () => {
  const files = { 'a.ts': 'process.env.AA', 'b/c.ts': 'process.env.BB' };
  const refuse = () => Promise.reject(new Error('refused'));
  const { tree } = treeOf(files);
  const cases: Partial<SourceTree>[] = [
    { list: (folder) => (folder === 'b' ? refuse() : tree.list(folder)) },
    { read: (file) => (file === 'b/c.ts' ? refuse() : tree.read(file)) },
    { stat: (file) => (file === 'b/c.ts' ? refuse() : tree.stat(file)) },
  ];
  for (const over of cases) {
    const survey = await surveySource(treeOf(files, over).tree);
    assert.equal(survey.complete, false);
    const { reads, unread } = readsOf(survey, setUnread);
    assert.deepEqual([reads.map(({ name }) => name), unread], [['AA'], []]);
  }
});

test('more files than are looked at', async () => {
  const files = Object.fromEntries(Array.from({ length: limits.files + 5 }, (_, index) => [`${index}.ts`, '']));
  const survey = await surveySource(treeOf(files).tree);
  assert.equal(survey.scans.size, limits.files);
  assert.equal(survey.complete, false);
});

test('work stops at its budget and goes on from there; waiting is not counted', async () => {
  const files = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`${index}.ts`, 'x']));
  const cache: SurveyCache = new Map();
  let now = 0;
  let pauses = 0;
  const { tree } = treeOf(files);
  const slow: SourceTree = {
    ...tree,
    now: () => now,
    read: (file) => {
      now += 50;
      return tree.read(file);
    },
    pause: async () => {
      now += 10_000;
      pauses += 1;
    },
  };
  const first = await surveySource(slow, cache);
  assert.equal(first.complete, false);
  assert.equal(first.scans.size, limits.budgetMs / 50);
  assert.equal(pauses, limits.budgetMs / 50, 'a pause after each slice');
  const second = await surveySource(slow, cache);
  assert.equal(second.scans.size, (2 * limits.budgetMs) / 50);
  assert.equal((await surveySource(slow, cache)).complete, true);
});

test('who has no use for it any more ends it', async () => {
  let left = 3;
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`${index}.ts`, '']));
  const { scans, complete } = await surveySource(treeOf(files, { cancelled: () => left-- <= 0 }).tree);
  assert.equal(scans.size, 3);
  assert.equal(complete, false);
});
