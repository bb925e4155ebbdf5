/** What every engine must do, as tests: the comments of `contract.ts`, one by one. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { type ProblemCode, ProblemError } from 'minicloud-shared/model/problem';
import { pack } from 'tar-stream';
import { containerConformance } from './conformance-containers.ts';
import { liveConformance } from './conformance-live.ts';
import type { Engine } from './contract.ts';

/** What a suite needs of the engine that it tries, and its ways around the port. */
export interface EngineFixtures {
  /** Begins the names of everything that is made. */
  prefix: string;
  /** The n-th /26 that may be used, n from 0 to 9. */
  subnet(n: number): { subnet: string; range: string; address: string };
  /** Name of an image on the machine that has bash, and at /etc/ a regular file `debian_version` and a link `os-release`. */
  image: string;
  /** Makes an image with labels of its own, `VOLUME /made-by-image` and a health check that fails; gives its id. */
  hostileImage(labels: Record<string, string>): Promise<string>;
  /** Objects that are not ours, made and looked at behind the port's back. */
  foreign: {
    makeNetwork(name: string, subnet: string): Promise<void>;
    makeVolume(name: string): Promise<void>;
    /** Of the fixtures' image, or of the one with this id, with the labels that it brings along. */
    makeContainer(name: string, image?: string): Promise<void>;
    isThere(kind: 'network' | 'volume' | 'container', name: string): Promise<boolean>;
    remove(kind: 'network' | 'volume' | 'container', name: string): Promise<void>;
    volumeNames(): Promise<string[]>;
  };
}

export type MakeEngine = (installation: string) => Promise<Engine>;

/** Registers the tests of the port for one implementation. */
export function engineConformance(name: string, makeEngine: MakeEngine, fixtures: EngineFixtures): void {
  describe(`engine ${name}`, () => {
    imageTests(makeEngine, fixtures);
    networkTests(makeEngine, fixtures);
    volumeTests(makeEngine, fixtures);
    containerConformance(makeEngine, fixtures);
    liveConformance(makeEngine, fixtures);
  });
}

/** True for a problem of this code; what `assert.rejects` asks. */
export function failsWith(code: ProblemCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ProblemError, `not a problem: ${error}`);
    assert.equal(error.problem.code, code, error.message);
    assert.ok(error.problem.object && error.problem.remedy && error.problem.why);
    return true;
  };
}

/** A tar of small files, as a stream. */
export function tarOf(files: Record<string, string | Buffer>): Readable {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, content);
  archive.finalize();
  return Readable.from(archive);
}

function imageTests(makeEngine: MakeEngine, { prefix, image }: EngineFixtures): void {
  test('tells what it is', async () => {
    const engine = await makeEngine(`${prefix}i1`);
    const info = await engine.info();
    assert.equal(engine.installation, `${prefix}i1`);
    assert.equal(info.os, 'linux');
    assert.ok(info.arch && info.version && info.memoryBytes > 0 && info.cpus > 0);
  });

  test('looks at an image by name and by id, and says when there is none', async () => {
    const engine = await makeEngine(`${prefix}i2`);
    const found = await engine.inspectImage(image);
    assert.match(found?.id ?? '', /^sha256:[0-9a-f]{64}$/);
    assert.match(found?.digest ?? '', /^sha256:[0-9a-f]{64}$/);
    assert.equal((await engine.inspectImage(found?.id ?? ''))?.id, found?.id);
    assert.equal(await engine.inspectImage(`minicloud/${prefix}nothing:1`), undefined);
    await assert.rejects(engine.inspectImage('Not A Name'), failsWith('invalid_input'));
  });

  test('reads one regular file of an image, follows one link, and refuses what is too large', async () => {
    const engine = await makeEngine(`${prefix}i3`);
    const id = (await engine.inspectImage(image))?.id ?? '';
    const version = await engine.readImageFile(id, ['/etc/debian_version'], 1000);
    assert.match(Buffer.from(version ?? []).toString(), /^\d+/);
    const linked = await engine.readImageFile(id, ['/etc/os-release'], 10_000);
    assert.match(Buffer.from(linked ?? []).toString(), /ID=/);
    assert.equal(await engine.readImageFile(id, ['/etc'], 1000), undefined, 'a folder is no file');
    assert.equal(await engine.readImageFile(id, ['/nothing/here.yml', '/etc'], 1000), undefined);
    const second = await engine.readImageFile(
      id,
      ['/nothing/here.yml', '/etc/debian_version', '/etc/os-release'],
      1000,
    );
    assert.deepEqual(second, version, 'the first that is there');
    await assert.rejects(engine.readImageFile(id, ['/etc/debian_version'], 2), failsWith('invalid_input'));
    assert.deepEqual(await engine.listContainers({}), [], 'what it was read with is gone');
  });

  test('names an image, takes that name away again, and no other', async () => {
    const engine = await makeEngine(`${prefix}i4`);
    const id = (await engine.inspectImage(image))?.id ?? '';
    const name = `minicloud/${prefix}named:1`;
    await engine.tagImage(id, name);
    await engine.tagImage(id, name);
    assert.equal((await engine.inspectImage(name))?.id, id);
    await engine.removeImage(name);
    await engine.removeImage(name);
    assert.equal(await engine.inspectImage(name), undefined);
    assert.equal((await engine.inspectImage(image))?.id, id, 'the image has other names and stays');
    await assert.rejects(engine.removeImage('debian:trixie'), failsWith('forbidden'));
    await assert.rejects(engine.removeImage(id), failsWith('forbidden'));
  });

  test('imports a root file system and reads it back', async () => {
    const engine = await makeEngine(`${prefix}i5`);
    const name = `minicloud/${prefix}imported:1`;
    const made = await engine.importImage(tarOf({ 'cloud_manifest.yml': 'name: inside\n' }), name);
    const file = await engine.readImageFile(made.id, ['/cloud_manifest.yml'], 1000);
    assert.equal(Buffer.from(file ?? []).toString(), 'name: inside\n');
    await engine.removeImage(name);
    assert.equal(await engine.inspectImage(name), undefined);
  });

  test('builds a folder with a Dockerfile and tells what went wrong without', async () => {
    const engine = await makeEngine(`${prefix}i6`);
    const name = `minicloud/${prefix}built:1`;
    const lines: string[] = [];
    const options = { labels: { purpose: 'test' }, onLine: (line: string) => lines.push(line) };
    const made = await engine.buildImage(tarOf({ Dockerfile: `FROM ${image}\nENV A=b\n` }), name, options);
    assert.equal(made.labels.purpose, 'test');
    assert.ok(lines.length > 0);
    await engine.removeImage(name);
    await assert.rejects(engine.buildImage(tarOf({ other: '' }), name), failsWith('engine_failed'));
  });

  test('an image that is nowhere can not be pulled', async () => {
    const engine = await makeEngine(`${prefix}i7`);
    await assert.rejects(engine.pullImage('Not A Name'), failsWith('invalid_input'));
    const signal = AbortSignal.abort();
    await assert.rejects(engine.pullImage('example.test/nothing/here:1', { signal }));
  });
}

function networkTests(makeEngine: MakeEngine, { prefix, subnet, foreign }: EngineFixtures): void {
  test('a network: made once, the same again is success, another of that name is conflict, gone is gone', async () => {
    const engine = await makeEngine(`${prefix}n1`);
    const name = `${prefix}net1`;
    const labels = { 'minicloud.app': 'shop' };
    const spec = { name, subnet: subnet(0).subnet, range: subnet(0).range, labels };
    try {
      await engine.ensureNetwork(spec);
      await engine.ensureNetwork(spec);
      const [found, ...more] = await engine.listNetworks();
      assert.equal(more.length, 0);
      assert.equal(found?.name, name);
      assert.equal(found?.subnet, spec.subnet);
      assert.equal(found?.labels['minicloud.app'], 'shop');
      await assert.rejects(
        engine.ensureNetwork({ ...spec, subnet: subnet(1).subnet, range: undefined }),
        failsWith('conflict'),
      );
      await assert.rejects(
        engine.ensureNetwork({ ...spec, labels: { 'minicloud.app': 'blog' } }),
        failsWith('conflict'),
      );
      const other = await makeEngine(`${prefix}n1b`);
      assert.deepEqual(await other.listNetworks(), []);
      await assert.rejects(other.removeNetwork(name), failsWith('forbidden'));
    } finally {
      await engine.removeNetwork(name);
    }
    await engine.removeNetwork(name);
    assert.deepEqual(await engine.listNetworks(), []);
  });

  test("somebody else's network is left alone", async () => {
    const engine = await makeEngine(`${prefix}n2`);
    const name = `${prefix}net2`;
    await foreign.makeNetwork(name, subnet(2).subnet);
    try {
      await assert.rejects(
        engine.ensureNetwork({ name, subnet: subnet(2).subnet, labels: {} }),
        failsWith('forbidden'),
      );
      await assert.rejects(engine.removeNetwork(name), failsWith('forbidden'));
      assert.deepEqual(await engine.listNetworks(), []);
      assert.ok(await foreign.isThere('network', name));
      assert.ok((await engine.usedSubnets()).includes(subnet(2).subnet), 'its addresses are known to be taken');
      await assert.rejects(
        engine.ensureNetwork({ name: `${prefix}net2b`, subnet: subnet(2).range, labels: {} }),
        failsWith('conflict'),
      );
    } finally {
      await foreign.remove('network', name);
    }
  });
}

function volumeTests(makeEngine: MakeEngine, { prefix, foreign }: EngineFixtures): void {
  test('a volume: made once, the same again is success, of another app is conflict, gone is gone', async () => {
    const engine = await makeEngine(`${prefix}v1`);
    const name = `${prefix}vol1`;
    try {
      await engine.ensureVolume(name, { 'minicloud.app': 'shop' });
      await engine.ensureVolume(name, { 'minicloud.app': 'shop' });
      await assert.rejects(engine.ensureVolume(name, { 'minicloud.app': 'blog' }), failsWith('conflict'));
      const found = await engine.listVolumes();
      assert.deepEqual(
        found.map((volume) => [volume.name, volume.labels['minicloud.app']]),
        [[name, 'shop']],
      );
      const other = await makeEngine(`${prefix}v1b`);
      await assert.rejects(other.ensureVolume(name, {}), failsWith('forbidden'));
      await assert.rejects(other.removeVolume(name), failsWith('forbidden'));
    } finally {
      await engine.removeVolume(name);
    }
    await engine.removeVolume(name);
    assert.deepEqual(await engine.listVolumes(), []);
  });

  test("somebody else's volume is left alone", async () => {
    const engine = await makeEngine(`${prefix}v2`);
    const name = `${prefix}vol2`;
    await foreign.makeVolume(name);
    try {
      await assert.rejects(engine.ensureVolume(name, {}), failsWith('forbidden'));
      await assert.rejects(engine.removeVolume(name), failsWith('forbidden'));
      assert.deepEqual(await engine.listVolumes(), []);
      assert.ok(await foreign.isThere('volume', name));
    } finally {
      await foreign.remove('volume', name);
    }
  });
}
