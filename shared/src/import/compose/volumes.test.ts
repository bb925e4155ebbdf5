/** What becomes of a folder of the machine: code that the image has already, or data that must not be lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { importApp } from '../import.ts';
import type { Imported } from '../model.ts';

function imported(services: string, service = 'web'): Imported {
  const text = `services:\n${services.replace(/^/gm, '  ')}\n`;
  const result = importApp({ kind: 'compose', file: 'compose.yml', text, folder: 'shop', service });
  return result.ok ? result : assert.fail(result.why);
}

const built = (build: string, mount: string): Imported => imported(`web: { build: ${build}, volumes: ["${mount}"] }`);

function paths({ manifest }: Imported): unknown[] {
  const { needs } = parse(manifest) as { needs?: { storage: { path: string } }[] };
  return (needs ?? []).map(({ storage }) => storage.path);
}

const code: [build: string, mount: string][] = [
  ['.', './src:/app'],
  ['.', './src/:/app/src/'],
  ['{ dockerfile: Dockerfile.dev }', './frontend:/usr/src/app'],
  ['./api', './api:/app'],
  ['{ context: api/ }', './api/lib:/app/lib'],
  ['..', './config:/etc/shop'],
];

test('a folder that the image is built from makes no volume over the code, and is told', () => {
  for (const [build, mount] of code) {
    const result = built(build, mount);
    assert.deepEqual(paths(result), [], mount);
    const { why } = result.notMapped.find(({ field }) => field === 'services.web.volumes[0]') ?? {};
    assert.match(
      why ?? '',
      /is in the folder that is built.* an empty volume would hide it\. If the app writes/,
      mount,
    );
  }
});

const data: [build: string, mount: string, path: string][] = [
  ['.', './data:/var/lib/x', '/var/lib/x'],
  ['.', './uploads:/app/public/img', '/app/public/img'],
  ['.', './docker/pgdata:/srv/db', '/srv/db'],
  ['.', './shop-storage:/app/x', '/app/x'],
  ['.', './run:/app/storage/', '/app/storage'],
  ['.', './x:/var/lib/shop', '/var/lib/shop'],
  ['./api', './api/db:/app/db', '/app/db'],
];

test('a folder of data beside the code stays a volume, and it is told that it starts empty and hides', () => {
  for (const [build, mount, path] of data) {
    const result = built(build, mount);
    assert.deepEqual(paths(result), [path], mount);
    assert.match(result.notes.join('\n'), /starts empty and hides what the image has there; copy what is in it/, mount);
  }
});

test('a folder elsewhere, or of an image that is not built here, stays a volume whose content is to be copied', () => {
  const elsewhere = [
    built('.', '/srv/x:/app'),
    built('.', '../src:/app'),
    built('./api', './src:/app'),
    built('https://example.com/me/shop.git', './src:/app'),
    imported('web: { image: me/web:1, volumes: ["./src:/app"] }'),
  ];
  for (const result of elsewhere) {
    assert.deepEqual(paths(result), ['/app'], result.manifest);
    assert.match(result.notes.join('\n'), /was a folder of the machine\. The volume at \/app starts empty; copy/);
  }
});

test('a service that runs the image another one builds has its code as well', () => {
  const worker = 'worker: { image: me/web, command: work, volumes: ["./src:/app"] }';
  assert.deepEqual(paths(imported(`web: { build: ., image: me/web }\n${worker}`, 'worker')), []);
  assert.deepEqual(paths(imported(`web: { build: ., image: me/other }\n${worker}`, 'worker')), ['/app']);
});
