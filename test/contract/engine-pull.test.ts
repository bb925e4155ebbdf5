/** Pulling with a real engine from a registry that can be everything a registry is on a bad day. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { failsWith, tarOf } from '../../server/src/adapters/engine/conformance.ts';
import type { Engine, PullProgress } from '../../server/src/adapters/engine/contract.ts';
import { createDockerEngine } from '../../server/src/adapters/engine/docker.ts';

const socketPath = process.env.MINICLOUD_TEST_DOCKER;
const user = { username: 'me', password: 'correct horse' };

const sha256 = (data: Uint8Array | string) => `sha256:${createHash('sha256').update(data).digest('hex')}`;

interface Image {
  manifest: string;
  blobs: Map<string, Buffer>;
  layer: string;
}

/** An image of one layer that no engine has seen before; nothing of it is cached. */
async function makeImage(architecture: string): Promise<Image> {
  const tar = await buffer(
    tarOf({ 'cloud_manifest.yml': 'name: pulled\n', noise: randomBytes(1_500_000).toString('hex') }),
  );
  const layer = gzipSync(tar);
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      config: { Cmd: ['/nothing'], ExposedPorts: { '8080/tcp': {} }, Labels: { made: 'here' } },
      rootfs: { type: 'layers', diff_ids: [sha256(tar)] },
    }),
  );
  const type = 'application/vnd.docker';
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: `${type}.distribution.manifest.v2+json`,
    config: { mediaType: `${type}.container.image.v1+json`, size: config.length, digest: sha256(config) },
    layers: [{ mediaType: `${type}.image.rootfs.diff.tar.gzip`, size: layer.length, digest: sha256(layer) }],
  });
  const blobs = new Map([config, layer].map((blob) => [sha256(blob), blob]));
  return { manifest, blobs, layer: sha256(layer) };
}

/** What a repository does instead of serving; the name of the repository chooses. */
const moods: Record<
  string,
  (image: Image, path: string, request: IncomingMessage, response: ServerResponse) => boolean
> = {
  good: () => false,
  arm: () => false,
  missing: (_image, _path, _request, response) => refuse(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown'),
  broken: (_image, _path, _request, response) => refuse(response, 500, 'UNKNOWN', 'the disk of the registry burns'),
  busy: (_image, _path, _request, response) => refuse(response, 429, 'TOOMANYREQUESTS', 'toomanyrequests: slow down'),
  private: () => false,
  stalled(image, path, _request, response) {
    if (!path.endsWith(image.layer)) return false;
    const layer = image.blobs.get(image.layer) ?? Buffer.alloc(0);
    response.writeHead(200, { 'content-length': layer.length }).write(layer.subarray(0, 100_000));
    return true;
  },
  corrupt(image, path, _request, response) {
    if (!path.endsWith(image.layer)) return false;
    const layer = Buffer.from(image.blobs.get(image.layer) ?? Buffer.alloc(0));
    layer.fill(0, 1000, 1064);
    response.writeHead(200, { 'content-length': layer.length }).end(layer);
    return true;
  },
};

function refuse(response: ServerResponse, status: number, code: string, message: string): true {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
  return true;
}

/** A registry that wants credentials asks for them at its door. */
async function startRegistry(images: Map<string, Image>, guarded: boolean): Promise<Server> {
  const expected = `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`;
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://registry').pathname;
    const [, repository = '', kind, reference = ''] = /^\/v2\/([^/]+)\/(manifests|blobs)\/(.+)$/.exec(path) ?? [];
    const image = images.get(repository);
    if (guarded && request.headers.authorization !== expected) {
      response.setHeader('www-authenticate', 'Basic realm="private"');
      refuse(response, 401, 'UNAUTHORIZED', 'authentication required');
    } else if (path === '/v2/') {
      response.writeHead(200).end('{}');
    } else if (image && moods[repository]?.(image, path, request, response)) {
      return;
    } else if (image && kind === 'manifests') {
      const { mediaType } = JSON.parse(image.manifest);
      const length = Buffer.byteLength(image.manifest);
      const digest = sha256(image.manifest);
      const headers = { 'content-type': mediaType, 'content-length': length, 'docker-content-digest': digest };
      response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : image.manifest);
    } else if (image?.blobs.has(reference)) {
      response.writeHead(200).end(image.blobs.get(reference));
    } else {
      refuse(response, 404, 'BLOB_UNKNOWN', 'not here');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe('pulling with docker', () => {
  const images = new Map<string, Image>();
  const pulled: string[] = [];
  let engine: Engine;
  const registries: Server[] = [];
  const hosts = { open: '', guarded: '' };

  before(async () => {
    assert.ok(
      socketPath,
      'MINICLOUD_TEST_DOCKER is not set: give it the path of the socket of a Docker engine to try.',
    );
    engine = await createDockerEngine({ socketPath, installation: 'h2pull', deadlines: { pullStallMs: 8_000 } });
    for (const name of Object.keys(moods)) images.set(name, await makeImage(name === 'arm' ? 'arm64' : 'amd64'));
    for (const kind of ['open', 'guarded'] as const) {
      const registry = await startRegistry(images, kind === 'guarded');
      registries.push(registry);
      hosts[kind] = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
    }
  });
  after(async () => {
    for (const registry of registries) {
      registry.closeAllConnections();
      registry.close();
    }
    if (!socketPath) return;
    const { default: Docker } = await import('dockerode');
    const docker = new Docker({ host: undefined, socketPath });
    for (const reference of pulled) {
      await docker
        .getImage(reference)
        .remove({ force: true })
        .catch(() => {});
    }
  });
  const pull = (name: string, options: Parameters<Engine['pullImage']>[1] = {}) => {
    const reference = `${name === 'private' ? hosts.guarded : hosts.open}/${name}:1`;
    pulled.push(reference);
    return engine.pullImage(reference, options);
  };

  test('an image comes with its digest, its facts and its progress', async () => {
    const told: PullProgress[] = [];
    const image = await pull('good', { onProgress: (progress) => told.push(progress) });
    assert.equal(image.digest, sha256(images.get('good')?.manifest ?? ''));
    assert.match(image.id, /^sha256:[0-9a-f]{64}$/);
    assert.deepEqual([image.os, image.arch, image.exposedPorts, image.labels.made], ['linux', 'amd64', [8080], 'here']);
    assert.ok(told.length > 0);
    assert.equal(told.at(-1)?.received, told.at(-1)?.expected);
    const manifest = await engine.readImageFile(image.id, ['/cloud_manifest.yml'], 1000);
    assert.equal(Buffer.from(manifest ?? []).toString(), 'name: pulled\n');
    const byDigest = await engine.pullImage(`${hosts.open}/good@${image.digest}`);
    assert.equal(byDigest.id, image.id);
  });

  test('a tag that moved brings the new image, and its digest', async () => {
    const before = await pull('good');
    images.set('good', await makeImage('amd64'));
    const now = await pull('good');
    assert.notEqual(now.id, before.id);
    assert.equal(now.digest, sha256(images.get('good')?.manifest ?? ''));
    const digest = before.digest;
    assert.equal(
      (await engine.inspectImage(`${hosts.open}/good@${digest}`))?.id,
      before.id,
      'the one before is still here',
    );
    pulled.push(before.id);
  });

  test('a private image needs the right credentials, and the answer never shows them', async () => {
    const wrong = { username: 'me', password: 'hunter2-hunter2' };
    await assert.rejects(pull('private'), failsWith('registry_denied'));
    await assert.rejects(pull('private', { credentials: wrong }), (error) => {
      failsWith('registry_denied')(error);
      assert.doesNotMatch(JSON.stringify(error), /hunter2/);
      return true;
    });
    assert.equal((await pull('private', { credentials: user })).arch, 'amd64');
  });

  for (const [name, code] of [
    ['missing', 'image_not_found'],
    ['broken', 'registry_unreachable'],
    ['busy', 'registry_unreachable'],
    ['corrupt', 'image_unusable'],
    ['arm', 'image_unusable'],
    ['stalled', 'registry_unreachable'],
  ] as const) {
    test(`a registry that is "${name}": ${code}`, async () => {
      await assert.rejects(pull(name), failsWith(code));
    });
  }

  test('a registry that is not there', async () => {
    await assert.rejects(engine.pullImage('127.0.0.1:9/x/y:1'), failsWith('registry_unreachable'));
  });

  test('a pull that nobody wants any more ends at once', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 300);
    await assert.rejects(pull('stalled', { signal: controller.signal }), failsWith('cancelled'));
  });
});
