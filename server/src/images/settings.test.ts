import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { contextHash, packContext } from './context.ts';
import { referenceOf, registryOf, throughMirror } from './settings.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'minicloud-context-'));
after(() => rmSync(folder, { recursive: true }));

test('a mirror takes the place of Docker Hub and of nothing else', () => {
  assert.equal(
    throughMirror('docker.io/library/mariadb:11.8', '127.0.0.1:5000'),
    '127.0.0.1:5000/library/mariadb:11.8',
  );
  assert.equal(
    throughMirror('docker.io/library/mariadb:11.8', 'mirror.example.com/hub/'),
    'mirror.example.com/hub/library/mariadb:11.8',
  );
  assert.equal(throughMirror('quay.example.com/me/app:1', '127.0.0.1:5000'), 'quay.example.com/me/app:1');
});

test('a reference can be replaced, and the sample has none', () => {
  assert.match(referenceOf('mariadb', {}) ?? '', /^docker\.io\/library\/mariadb:11\.8$/);
  assert.equal(referenceOf('mariadb', { references: { mariadb: 'docker.io/me/db:1' }, mirror: 'm:1' }), 'm:1/me/db:1');
  assert.equal(referenceOf('sample', { mirror: 'm:1' }), undefined);
  assert.equal(registryOf('127.0.0.1:5000/library/mariadb:11.8'), '127.0.0.1:5000');
});

test('the hash follows names, contents and modes, and neither times nor tests', async () => {
  const write = (name: string, content: string, mode = 0o644) => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    rmSync(path.join(folder, name), { force: true });
    writeFileSync(path.join(folder, name), content, { mode });
  };
  write('Dockerfile', 'FROM x');
  write('lib/run', 'echo');
  const first = await contextHash(folder);
  write('Dockerfile', 'FROM x');
  write('lib/run.test.ts', 'anything');
  assert.equal(await contextHash(folder), first);
  write('lib/run', 'echo', 0o755);
  const executable = await contextHash(folder);
  assert.notEqual(executable, first);
  write('Dockerfile', 'FROM y');
  assert.notEqual(await contextHash(folder), executable);
});

test('the tar holds the files and is the same every time', async () => {
  const [once, again] = [await text(await packContext(folder)), await text(await packContext(folder))];
  assert.equal(once, again);
  assert.match(once, /Dockerfile/);
  assert.match(once, /lib\/run/);
  assert.doesNotMatch(once, /run\.test\.ts/);
});
