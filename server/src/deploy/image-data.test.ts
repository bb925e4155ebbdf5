import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from 'minicloud-shared/manifest/parse';
import type { ImageInfo } from '../adapters/engine/contract.ts';
import { imageDataNotes, imageDataOf, impossiblePaths, unkeptPaths } from './image-data.ts';

const image = (...volumes: string[]): ImageInfo => ({
  id: 'sha256:1',
  digest: 'sha256:1',
  tags: [],
  os: 'linux',
  arch: 'amd64',
  sizeBytes: 1,
  exposedPorts: [],
  user: '',
  volumes,
  labels: {},
});

test('what has storage at its very path is kept; a folder above or below is not the same', () => {
  assert.deepEqual(unkeptPaths(image('/data', '/data/in', '/other'), ['/data', '/other/in']), ['/data/in', '/other']);
});

test('what nobody expects to find again is no loss', () => {
  assert.deepEqual(unkeptPaths(image('/tmp', '/run/lock', '/var/cache/x', '/dev/shm', '/tmpfiles'), []), ['/tmpfiles']);
});

test('each container of a manifest with its own storage, and what to write for it', () => {
  const { manifest } = parseManifest(`name: shop
image: a:1
needs: [storage]
support:
  search: { image: "b:1", volumes: [{ path: /meili }] }
  queue: { image: "c:1" }
`);
  assert.ok(manifest?.kind === 'container');
  const support = new Map([
    ['search', image('/meili')],
    ['queue', image('/var/lib/queue', '/spool')],
  ]);
  const data = imageDataOf(manifest, image('/data', '/uploads'), support);
  assert.deepEqual(data, [
    { paths: ['/uploads'] },
    { support: 'search', paths: [] },
    { support: 'queue', paths: ['/var/lib/queue', '/spool'] },
  ]);
  const [own, queue, ...more] = imageDataNotes(data);
  assert.match(own ?? '', /keeps data at \/uploads.*`needs: \[\{ storage: \{ path: \/uploads \} \}\]`\.$/);
  assert.match(
    queue ?? '',
    /image of queue.*volumes: \[\{ path: \/var\/lib\/queue \}, \{ path: \/spool \}\]` for queue/,
  );
  assert.deepEqual(more, []);
});

test('a folder that no manifest may have storage at is said to be that', () => {
  const [note] = imageDataNotes([{ paths: ['/data', '/etc/app'] }]);
  assert.match(note ?? '', /`needs: \[\{ storage: \{ path: \/data \} \}\]`\. No storage is possible at \/etc\/app:/);
});

test('folders that nothing starts without are told from those below them', () => {
  assert.deepEqual(impossiblePaths(image('/', '/usr', '/usr/share/data', '/data')), ['/', '/usr']);
});
