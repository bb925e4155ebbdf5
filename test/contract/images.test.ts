/** The platform's images on a real engine: from a registry, through a mirror, and built where there is neither. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { Engine } from '../../server/src/adapters/engine/contract.ts';
import { createDockerEngine } from '../../server/src/adapters/engine/docker.ts';
import { ensurePlatformImage } from '../../server/src/images/ensure.ts';
import type { ImageSettings } from '../../server/src/images/settings.ts';
import { startRegistry, type TestRegistry } from '../harness/registry.ts';

const socketPath = process.env.MINICLOUD_TEST_DOCKER ?? '';
const base = process.env.MINICLOUD_TEST_BASE_IMAGE ?? 'minicloud/base:trixie';
/** TEST-NET-2: packets to it go nowhere. */
const nowhere = '198.51.100.7:5000';

describe('platform images', () => {
  let registry: TestRegistry;
  let folder: string;
  const made: string[] = [];

  const settings = (changed: Partial<ImageSettings> = {}): ImageSettings => ({
    imagesFolder: path.join(folder, 'images'),
    workFolder: folder,
    choice: 'auto',
    ...changed,
  });
  const newEngine = () => createDockerEngine({ socketPath, installation: 'h4-images' });
  const ensure = async (engine: Engine, name: 'mariadb' | 'proxy', changed: Partial<ImageSettings>) => {
    const said: string[] = [];
    const image = await ensurePlatformImage(engine, name, settings(changed), (line) => said.push(line));
    made.push(image.reference);
    return { ...image, said: said.join('\n') };
  };

  before(async () => {
    assert.ok(socketPath, 'MINICLOUD_TEST_DOCKER names no engine: run this by npm test -- contract images');
    folder = mkdtempSync(path.join(os.tmpdir(), 'h4-images-'));
    for (const name of ['mariadb', 'proxy']) {
      mkdirSync(path.join(folder, 'images', name), { recursive: true });
      writeFileSync(
        path.join(folder, 'images', name, 'Dockerfile'),
        `ARG BASE\nFROM $BASE\nLABEL h4=${name}-${process.pid}\n`,
      );
    }
    registry = await startRegistry();
    await registry.push(socketPath, base, 'library/mariadb:11.8');
  });
  after(async () => {
    const engine = await newEngine();
    for (const reference of made) if (reference.includes('/')) await engine.removeImage(reference).catch(() => {});
    await registry?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  test('through the mirror it is pulled, and then it is there', async () => {
    const engine = await newEngine();
    const first = await ensure(engine, 'mariadb', { mirror: registry.address });
    assert.equal(first.source, 'registry');
    assert.equal(first.reference, `${registry.address}/library/mariadb:11.8`);
    assert.equal((await engine.inspectImage(first.reference))?.id, first.id);
    const asked = registry.requests.length;
    const again = await ensure(engine, 'mariadb', { mirror: registry.address });
    assert.deepEqual([again.source, again.id, registry.requests.length], ['present', first.id, asked]);
  });

  test('a registry that has no such image: built instead', async () => {
    const image = await ensure(await newEngine(), 'proxy', { mirror: registry.address });
    assert.equal(image.source, 'built');
    assert.match(image.said, /building it here instead/);
  });

  test('a registry without a route costs its deadline once, then everything is built', async () => {
    const engine = await newEngine();
    for (const name of ['mariadb', 'proxy']) {
      writeFileSync(path.join(folder, 'images', name, 'marker'), `without a route ${process.pid}`);
    }
    const first = await ensure(engine, 'mariadb', { mirror: nowhere, contactMs: 4000 });
    const second = await ensure(engine, 'proxy', { mirror: nowhere, contactMs: 4000 });
    assert.deepEqual([first.source, second.source], ['built', 'built']);
    assert.match(first.said, /pulling/);
    assert.doesNotMatch(second.said, /pulling/, 'it was not asked again');
  });

  test('a mute registry is left after the deadline', async () => {
    writeFileSync(path.join(folder, 'images/proxy/marker'), `mute ${process.pid}`);
    registry.behave(() => 'mute');
    try {
      const image = await ensure(await newEngine(), 'proxy', { mirror: registry.address, contactMs: 1000 });
      assert.equal(image.source, 'built');
      assert.match(image.said, /did not begin to send within 1 s/);
    } finally {
      registry.behave(() => 'pass');
    }
  });

  test('unchanged sources are not built again, changed ones are', async () => {
    const engine = await newEngine();
    const first = await ensure(engine, 'proxy', { choice: 'build' });
    const again = await ensure(engine, 'proxy', { choice: 'build' });
    assert.deepEqual([again.source, again.id], ['present', first.id]);
    writeFileSync(path.join(folder, 'images/proxy/marker'), `changed ${process.pid}`);
    const changed = await ensure(engine, 'proxy', { choice: 'build' });
    assert.equal(changed.source, 'built');
    assert.notEqual(changed.reference, first.reference);
  });

  test('a build that fails is told with its last lines', async () => {
    writeFileSync(
      path.join(folder, 'images/proxy/Dockerfile'),
      'ARG BASE\nFROM $BASE\nRUN echo the-reason && exit 7\n',
    );
    await assert.rejects(ensure(await newEngine(), 'proxy', { choice: 'build' }), (error) => {
      assert.ok(error instanceof ProblemError);
      assert.equal(error.problem.code, 'image_unusable');
      assert.match(error.problem.evidence.join('\n'), /the-reason/);
      return true;
    });
  });

  test('when a registry is insisted on, its problem is the answer', async () => {
    await assert.rejects(
      ensure(await newEngine(), 'proxy', { choice: 'registry', mirror: registry.address }),
      (error) => {
        assert.ok(error instanceof ProblemError);
        assert.equal(error.problem.code, 'image_not_found');
        return true;
      },
    );
  });
});
