/** The source beside a manifest as it lies on a disk, and what `validate --env` makes of it. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { sourceReads } from './source-tree.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'minicloud-source-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function write(files: Record<string, string>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), text);
  }
}

test('sources are read as .gitignore leaves them, links are not followed', async () => {
  await write({
    '.gitignore': '# made\n*.gen.ts\n/logs/**\n!logs/keep.ts\ntmp*/\n',
    Dockerfile: 'FROM node\nENV MODE=fast\n',
    'logs/a.ts': 'process.env.AA',
    'logs/keep.ts': 'process.env.KEPT',
    'node_modules/x/index.js': 'process.env.BB',
    'src/app.ts': '\nprocess.env.STRIPE_KEY;',
    'src/b.gen.ts': 'process.env.CC',
    'tmp1/c.ts': 'process.env.DD',
  });
  await symlink(path.join(folder, 'tmp1'), path.join(folder, 'link'));
  const { sources, complete } = await sourceReads(folder, 'env: { OLD: 1, STRIPE_KEY: 2 }');
  assert.deepEqual(sources, {
    reads: [
      { name: 'KEPT', line: 1, file: 'logs/keep.ts' },
      { name: 'STRIPE_KEY', line: 2, file: 'src/app.ts' },
    ],
    makesImage: true,
    imageSets: ['MODE'],
    unread: ['OLD'],
  });
  assert.ok(complete);
});

test('a folder that is not there has no source', async () => {
  const { sources, complete } = await sourceReads(path.join(folder, 'nowhere'), 'env: { OLD: 1 }');
  assert.deepEqual([sources, complete], [{ reads: [], imageSets: [], unread: [] }, false]);
});
