/** The engine port's conformance suite over every implementation, and what only a real engine can show. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import Docker from 'dockerode';
import { type EngineFixtures, engineConformance, tarOf } from '../../server/src/adapters/engine/conformance.ts';
import { conformanceBehaviour } from '../../server/src/adapters/engine/conformance-containers.ts';
import type { ContainerSpec, EngineInfo } from '../../server/src/adapters/engine/contract.ts';
import { createDockerEngine } from '../../server/src/adapters/engine/docker.ts';
import { createMemoryEngine } from '../../server/src/adapters/engine/memory.ts';
import { createMemoryWorld } from '../../server/src/adapters/engine/memory-world.ts';

/** Ten /26 blocks; the harness may say where they are free. */
const base = process.env.MINICLOUD_TEST_SUBNET ?? '10.214.0.0/16';
const blocks = (n: number) => {
  const [a, b] = base.split('.');
  const block = `${a}.${b}.${200 + n}`;
  return { subnet: `${block}.0/26`, range: `${block}.0/27`, address: `${block}.40` };
};
const prefix = 'h2-';
const world = createMemoryWorld();

engineConformance('memory', memoryEngine, memoryFixtures());

const socketPath = process.env.MINICLOUD_TEST_DOCKER;
if (socketPath) {
  const fixtures = dockerFixtures(new Docker({ host: undefined, socketPath }));
  const makeEngine = (installation: string) => createDockerEngine({ socketPath, installation });
  const { kind } = await (await makeEngine(`${prefix}who`)).info();
  engineConformance(kind, makeEngine, fixtures);
  describe(`engine ${kind}, the real thing`, () => baselineTests(kind, makeEngine, fixtures));
} else {
  test('engine docker', () => {
    assert.fail('MINICLOUD_TEST_DOCKER is not set: give it the path of the socket of a Docker engine to try.');
  });
}

async function memoryEngine(installation: string) {
  const engine = createMemoryEngine({ installation, world, behaviour: conformanceBehaviour });
  engine.seedImage('minicloud/base:trixie', {
    local: true,
    files: {
      '/etc/debian_version': '13.1\n',
      '/etc/os-release': { link: '../usr/lib/os-release' },
      '/usr/lib/os-release': 'ID=debian\n',
    },
  });
  return engine;
}

function memoryFixtures(): EngineFixtures {
  const stranger = () => memoryEngine('stranger');
  return {
    prefix,
    subnet: blocks,
    image: 'minicloud/base:trixie',
    async hostileImage(labels) {
      return (await stranger()).seedImage('minicloud/hostile:1', { labels, volumes: ['/made-by-image'], local: true })
        .id;
    },
    foreign: {
      makeNetwork: async (name, subnet) => (await stranger()).ensureNetwork({ name, subnet, labels: {} }),
      makeVolume: async (name) => (await stranger()).ensureVolume(name, {}),
      async makeContainer(name, given) {
        const engine = await stranger();
        const image = given ?? (await engine.inspectImage('minicloud/base:trixie'))?.id ?? '';
        const spec: ContainerSpec = { name, image, labels: {}, env: {}, network: 'none', volumes: [], restart: 'no' };
        await engine.startContainer(await engine.createContainer(spec));
      },
      async isThere(kind, name) {
        const kinds = { network: world.networks, volume: world.volumes, container: world.names };
        return kinds[kind].has(name);
      },
      async remove(kind, name) {
        const engine = await stranger();
        if (kind === 'network') await engine.removeNetwork(name);
        else if (kind === 'volume') await engine.removeVolume(name);
        else await engine.removeContainer(name);
      },
      volumeNames: async () => [...world.volumes.keys()],
    },
  };
}

function dockerFixtures(docker: Docker): EngineFixtures {
  const image = process.env.MINICLOUD_TEST_BASE_IMAGE ?? 'minicloud/base:trixie';
  const hostile = `minicloud/${prefix}hostile:1`;
  after(async () => {
    await docker
      .getImage(hostile)
      .remove()
      .catch(() => {});
  });
  const handle = (kind: 'network' | 'volume' | 'container', name: string) =>
    kind === 'network'
      ? docker.getNetwork(name)
      : kind === 'volume'
        ? docker.getVolume(name)
        : docker.getContainer(name);
  return {
    prefix,
    subnet: blocks,
    image,
    async hostileImage(labels) {
      const claims = Object.entries(labels).map(([key, value]) => `LABEL ${key}="${value}"`);
      const lines = [`FROM ${image}`, ...claims, 'VOLUME /made-by-image', 'HEALTHCHECK CMD false', 'EXPOSE 1-65535'];
      const body = await docker.buildImage(tarOf({ Dockerfile: `${lines.join('\n')}\n` }), { t: hostile });
      await new Promise<void>((resolve, reject) =>
        docker.modem.followProgress(body, (error) => (error ? reject(error) : resolve())),
      );
      return (await docker.getImage(hostile).inspect()).Id;
    },
    foreign: {
      async makeNetwork(name, subnet) {
        await docker.createNetwork({ Name: name, IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] } });
      },
      async makeVolume(name) {
        await docker.createVolume({ Name: name });
      },
      async makeContainer(name, given = image) {
        const options = { name, Image: given, Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'none', Init: true } };
        await (await docker.createContainer(options)).start();
      },
      async isThere(kind, name) {
        try {
          await handle(kind, name).inspect();
          return true;
        } catch {
          return false;
        }
      },
      async remove(kind, name) {
        if (kind === 'container') await docker.getContainer(name).remove({ force: true, v: true });
        else await handle(kind, name).remove();
      },
      volumeNames: async () => (await docker.listVolumes()).Volumes.map(({ Name }) => Name),
    },
  };
}

function baselineTests(
  kind: EngineInfo['kind'],
  makeEngine: (installation: string) => ReturnType<typeof createDockerEngine>,
  fixtures: EngineFixtures,
) {
  test('the baseline is what the kernel of a running container shows', async () => {
    const engine = await makeEngine(`${prefix}b1`);
    const image = (await engine.inspectImage(fixtures.image))?.id ?? '';
    const id = await engine.createContainer({
      name: `${prefix}baseline`,
      image,
      labels: {},
      command: ['sleep', '1000'],
      env: {},
      network: 'none',
      volumes: [],
      restart: 'no',
      memoryBytes: 32 * 1024 * 1024,
      pids: 20,
      readOnly: true,
    });
    try {
      await engine.startContainer(id);
      const shell = async (text: string) => engine.exec(id, ['bash', '-c', text]);
      const status = (await shell('cat /proc/self/status; ulimit -n; cat /proc/1/comm')).stdout;
      // CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, KILL 5, SETGID 6, SETUID 7, NET_BIND_SERVICE 10
      assert.match(status, /^CapBnd:\s+00000000000004eb$/m);
      assert.match(status, /^NoNewPrivs:\s+1$/m);
      assert.match(status, /^Seccomp:\s+2$/m);
      assert.match(status, /^16384$/m);
      assert.match(status, /^(?:docker-init|podman-init|catatonit|tini)$/m, 'an init is process 1');
      assert.notEqual((await shell('touch /etc/x')).exitCode, 0, 'the root is read-only');
      assert.equal((await shell('touch /tmp/x')).exitCode, 0, 'and /tmp is not');
      const forks = 'for (1..40) { my $child = fork; defined $child or die "refused"; $child or sleep 1, exit }';
      assert.match((await engine.exec(id, ['perl', '-e', forks])).stderr, /refused/);
      assert.equal((await engine.stats(id)).memoryLimitBytes, 32 * 1024 * 1024);
    } finally {
      await engine.removeContainer(id);
    }
  });

  test('a container that takes more memory than it may is ended, and it is told', async () => {
    const engine = await makeEngine(`${prefix}b2`);
    const image = (await engine.inspectImage(fixtures.image))?.id ?? '';
    const id = await engine.createContainer({
      name: `${prefix}oom`,
      image,
      labels: {},
      command: ['bash', '-c', 'x=x; while :; do x=$x$x; done'],
      env: {},
      network: 'none',
      volumes: [],
      restart: 'no',
      memoryBytes: 16 * 1024 * 1024,
    });
    try {
      await engine.startContainer(id);
      assert.equal(await engine.waitContainer(id), 137);
      const ended = await engine.inspectContainer(id);
      // Podman 4.3 does not tell; it is not claimed then, and said to be likely.
      if (kind === 'podman') assert.match(`${ended?.oomKilled} ${ended?.error} ${ended?.remedy}`, /memory/);
      else assert.equal(ended?.oomKilled, true);
    } finally {
      await engine.removeContainer(id);
    }
  });

  test('a command that is not in the image ends with the code of the init, and says so', async () => {
    const engine = await makeEngine(`${prefix}b3`);
    const image = (await engine.inspectImage(fixtures.image))?.id ?? '';
    const id = await engine.createContainer({
      name: `${prefix}nocmd`,
      image,
      labels: {},
      command: ['/no/such/program'],
      env: {},
      network: 'none',
      volumes: [],
      restart: 'no',
    });
    try {
      await engine.startContainer(id);
      // tini as a shell would, catatonit with 1.
      assert.equal(await engine.waitContainer(id), kind === 'podman' ? 1 : 127);
      assert.match((await engine.inspectContainer(id))?.error ?? '', /program .*in the image/);
      const said = [];
      for await (const { text } of engine.logs(id, {})) said.push(text);
      assert.match(said.join(), /no such file/i);
    } finally {
      await engine.removeContainer(id);
    }
  });
}
