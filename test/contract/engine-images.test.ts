/** Images that can't be run, on the real engine: each failure names the cause and what to do. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import Docker from 'dockerode';
import { ProblemError } from 'minicloud-shared/model/problem';
import { tarOf } from '../../server/src/adapters/engine/conformance.ts';
import type { ContainerSpec, Engine } from '../../server/src/adapters/engine/contract.ts';
import { platformProblem } from '../../server/src/adapters/engine/contract.ts';
import { createDockerEngine } from '../../server/src/adapters/engine/docker.ts';
import { requireEnv } from '../harness/companion.ts';

const prefix = 'h4-';
const stays = 'CMD ["sleep", "1000"]';
/** An ELF header that says 64 bit, little endian, and the machine 183, AArch64: one engine or the other can't run it. */
const foreignProgram = `\x7fELF\x02\x01\x01${'\0'.repeat(9)}\x02\0\xb7\0\x01${'\0'.repeat(100)}`;
const files = { plain: 'echo hi\n', interpreter: '#!/no/bash\necho hi\n', program: foreignProgram };

interface Case {
  lines: string[];
  user?: string;
  why: RegExp;
  remedy: RegExp;
}

const cases: Record<string, Case> = {
  'a volume over the root': { lines: ['VOLUME /', stays], why: /VOLUME over a folder of the system/, remedy: /VOLUME/ },
  'a volume over /usr': { lines: ['VOLUME /usr', stays], why: /VOLUME over a folder of the system/, remedy: /VOLUME/ },
  'a volume over /proc': {
    lines: ['VOLUME /proc', stays],
    why: /VOLUME over a folder of the system \(\/proc\)/,
    remedy: /VOLUME/,
  },
  'a user that is not there': { lines: ['USER nosuch', stays], why: /no user nosuch\./, remedy: /security: \{ user/ },
  'a user of the manifest that is not there': { lines: [stays], user: 'other', why: /no user other\./, remedy: /user/ },
  'a group that is not there': { lines: ['USER 0:nosuch', stays], why: /no group nosuch\./, remedy: /etc\/group/ },
  'a program that is not there': {
    lines: ['CMD ["/no/such", "x"]'],
    why: /no program \/no\/such in the image/,
    remedy: /command in the manifest/,
  },
  'a name that is on no path': { lines: ['CMD ["nosuch"]'], why: /no program nosuch in/, remedy: /command/ },
  'an interpreter that is not there': {
    lines: ['COPY interpreter /run.sh', 'RUN chmod 755 /run.sh', 'ENTRYPOINT ["/run.sh"]'],
    why: /first line of the script/,
    remedy: /command/,
  },
  'an entrypoint that may not be executed': {
    lines: ['COPY plain /plain', 'ENTRYPOINT ["/plain"]'],
    why: /\/plain in the image can not be executed/,
    remedy: /chmod 755/,
  },
  'a program of another machine': {
    lines: ['COPY program /program', 'RUN chmod 755 /program', 'ENTRYPOINT ["/program"]'],
    why: /\/program is not for this kind of machine/,
    remedy: /kind of machine that the server is/,
  },
};

describe('images that can not be run', () => {
  const socketPath = requireEnv('MINICLOUD_TEST_DOCKER');
  const base = process.env.MINICLOUD_TEST_BASE_IMAGE ?? 'minicloud/base:trixie';
  const tags: string[] = [];
  let engine: Engine;
  before(async () => {
    engine = await createDockerEngine({ socketPath, installation: prefix });
  });
  after(async () => {
    for (const { id } of await engine.listContainers({})) await engine.removeContainer(id);
    for (const tag of tags) await engine.removeImage(tag);
  });

  const specOf = (name: string, image: string, user?: string): ContainerSpec => ({
    name: `${prefix}${name}`,
    image,
    labels: {},
    env: {},
    network: 'none',
    volumes: [],
    restart: 'no',
    ...(user === undefined ? {} : { user }),
  });

  /** Makes and starts it; what that failed with, or why it ended. */
  async function outcome(spec: ContainerSpec): Promise<{ object: string; why: string; remedy: string }> {
    let id: string | undefined;
    try {
      id = await engine.createContainer(spec);
      await engine.startContainer(id);
      await engine.waitContainer(id);
      const { name = '', error = '', remedy = '' } = (await engine.inspectContainer(id)) ?? {};
      return { object: `container ${name}`, why: error, remedy };
    } catch (error) {
      assert.ok(error instanceof ProblemError, String(error));
      assert.equal(error.problem.code, 'image_unusable', JSON.stringify(error.problem));
      assert.ok(error.problem.evidence.length > 0, "the engine's own words are kept");
      return error.problem;
    } finally {
      if (id !== undefined) await engine.removeContainer(id);
    }
  }

  for (const [index, [name, { lines, user, why, remedy }]] of Object.entries(cases).entries()) {
    test(name, async () => {
      const tag = `minicloud/${prefix}${index}:1`;
      tags.push(tag);
      const context = tarOf({ Dockerfile: `${[`FROM ${base}`, ...lines].join('\n')}\n`, ...files });
      const image = await engine.buildImage(context, tag);
      const told = await outcome(specOf(`box${index}`, image.id, user));
      assert.match(told.why, why);
      assert.match(told.remedy, remedy);
      assert.equal(told.object, `container ${prefix}box${index}`);
    });
  }

  /** An image of one small layer, put on the machine as a file would be. */
  async function loadImage(name: string, architecture: string, config: object): Promise<string> {
    const tag = `minicloud/${prefix}${name}:1`;
    const layer = await buffer(tarOf({ 'not-a-folder': 'x' }));
    const digest = createHash('sha256').update(layer).digest('hex');
    const description = {
      architecture,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
    };
    const manifest = [{ Config: 'config.json', RepoTags: [tag], Layers: ['layer.tar'] }];
    const archive = tarOf({
      'config.json': JSON.stringify(description),
      'manifest.json': JSON.stringify(manifest),
      'layer.tar': layer,
    });
    const docker = new Docker({ socketPath });
    const body = await docker.loadImage(Readable.from(archive));
    await new Promise<void>((resolve, reject) =>
      docker.modem.followProgress(body, (error) => (error ? reject(error) : resolve())),
    );
    tags.push(tag);
    return tag;
  }

  test('a working directory that is no folder', async () => {
    const tag = await loadImage('workdir', engine.platform.arch, { Cmd: ['/x'], WorkingDir: '/not-a-folder' });
    const image = await engine.inspectImage(tag);
    const told = await outcome(specOf('workdir', image?.id ?? ''));
    assert.match(told.why, /working directory \/not-a-folder/);
    assert.match(told.remedy, /WORKDIR/);
  });

  test('an image that says nothing of what to run', async () => {
    const tag = await loadImage('nothing', engine.platform.arch, {});
    const image = await engine.inspectImage(tag);
    const told = await outcome(specOf('nothing', image?.id ?? ''));
    assert.match(told.why, /Nothing says what to run/);
    assert.match(told.remedy, /command/);
  });

  test('an image for another kind of machine is known by its metadata', async () => {
    const other = engine.platform.arch === 'arm64' ? 'amd64' : 'arm64';
    const image = await engine.inspectImage(await loadImage('other', other, { Cmd: ['/x'] }));
    assert.ok(image);
    const problem = platformProblem('other:1', image, engine.platform);
    assert.equal(problem?.code, 'image_unusable');
    assert.match(problem.why, new RegExp(`linux/${other}; this server is linux/${engine.platform.arch}`));
    const own = await engine.inspectImage(base);
    assert.equal(own && platformProblem(base, own, engine.platform), undefined);
  });
});
