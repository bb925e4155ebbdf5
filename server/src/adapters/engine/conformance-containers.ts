/** What every engine must do with containers, as tests. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poll } from '../../platform/wait.ts';
import { type EngineFixtures, failsWith, type MakeEngine } from './conformance.ts';
import { liveBehaviour } from './conformance-live.ts';
import type { ContainerSpec, Engine, EngineEvent, EngineLogLine } from './contract.ts';
import type { Behaviour } from './memory-world.ts';

/** The programs that the tests run; the in-memory engine is taught to behave like them. */
const programs = {
  stays: ['sleep', '1000'],
  prints: ['bash', '-c', 'echo out; echo err >&2; exit 3'],
  ticks: ['bash', '-c', 'for i in 1 2 3; do echo tick $i; sleep 0.1; done'],
  fails: ['bash', '-c', 'exit 7'],
};
const replies = ['bash', '-c', 'echo "$GREETING"; echo oops >&2; exit 4'];

/** How the in-memory engine plays the programs above. */
export function conformanceBehaviour(spec: ContainerSpec): Behaviour {
  const command = spec.command?.join(' ');
  const exec: Behaviour['exec'] = (argv, { stdin, env }) =>
    argv[0] === 'cat' ? { stdout: stdin ?? '' } : { stdout: `${env.GREETING ?? ''}\n`, stderr: 'oops\n', exitCode: 4 };
  if (command === programs.prints.join(' ')) return { logs: ['out'], errors: ['err'], exitCode: 3 };
  if (command === programs.ticks.join(' ')) {
    return { logs: ['tick 1', 'tick 2', 'tick 3'], exitCode: 0, exitAfterMs: 300 };
  }
  if (command === programs.fails.join(' ')) return { exitCode: 7 };
  return { exec, ...liveBehaviour(spec) };
}

async function collect(lines: AsyncIterable<EngineLogLine>): Promise<EngineLogLine[]> {
  const all: EngineLogLine[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

/** Runs a test with an engine, an image and a network of its own, and takes everything away again. */
export function engineTests(makeEngine: MakeEngine, { prefix, subnet, image: reference }: EngineFixtures) {
  return (title: string, n: number, run: (engine: Engine, spec: ContainerSpec) => Promise<void>): Promise<void> =>
    test(title, async () => {
      const engine = await makeEngine(`${prefix}c${n}`);
      const network = `${prefix}cnet${n}`;
      const image = (await engine.inspectImage(reference))?.id ?? '';
      await engine.ensureNetwork({ name: network, subnet: subnet(n).subnet, range: subnet(n).range, labels: {} });
      const spec: ContainerSpec = {
        name: `${prefix}box${n}`,
        image,
        labels: { 'minicloud.app': 'shop', 'minicloud.process': 'web' },
        command: programs.stays,
        env: { PLAIN: 'value' },
        network: { name: network, aliases: ['web'] },
        volumes: [],
        restart: 'no',
        stopTimeoutSeconds: 1,
      };
      try {
        await run(engine, spec);
      } finally {
        for (const { id } of await engine.listContainers({})) await engine.removeContainer(id);
        for (const { name } of await engine.listVolumes()) await engine.removeVolume(name);
        await engine.removeNetwork(network);
      }
    });
}

export function containerConformance(makeEngine: MakeEngine, fixtures: EngineFixtures): void {
  const { prefix, subnet, foreign } = fixtures;

  const withEngine = engineTests(makeEngine, fixtures);

  withEngine('a container: created, started, stopped, removed, each of it twice', 0, async (engine, spec) => {
    const { address } = subnet(0);
    const fixed = { ...spec, network: { name: `${prefix}cnet0`, aliases: ['web'], address } };
    const id = await engine.createContainer(fixed);
    assert.equal(await engine.createContainer(structuredClone(fixed)), id, 'the same again is the same');
    await assert.rejects(engine.createContainer({ ...fixed, env: { PLAIN: 'other' } }), failsWith('conflict'));
    assert.equal((await engine.inspectContainer(id))?.state, 'created');

    await engine.startContainer(id);
    await engine.startContainer(id);
    const running = await engine.inspectContainer(fixed.name);
    assert.equal(running?.id, id);
    assert.equal(running?.state, 'running');
    assert.equal(running?.image, spec.image);
    assert.equal(running?.exitCode, undefined);
    assert.deepEqual(running?.addresses, { [`${prefix}cnet0`]: address });
    assert.equal(running?.labels['minicloud.process'], 'web');
    assert.ok((await engine.stats(id)).pids >= 1);

    await engine.stopContainer(id, 1);
    await engine.stopContainer(id, 1);
    const stopped = await engine.inspectContainer(id);
    assert.equal(stopped?.state, 'exited');
    assert.ok(stopped?.finishedAt);
    assert.equal(await engine.waitContainer(id), stopped?.exitCode);

    await engine.removeContainer(id);
    await engine.removeContainer(id);
    assert.equal(await engine.inspectContainer(id), undefined);
    await engine.stopContainer(id, 1);
    await assert.rejects(engine.startContainer(id), failsWith('not_found'));
  });

  withEngine('a list holds what carries all of the labels, and only of this installation', 1, async (engine, spec) => {
    const other = await makeEngine(`${prefix}c1b`);
    const web = await engine.createContainer(spec);
    await engine.createContainer({ ...spec, name: `${spec.name}w`, labels: { 'minicloud.app': 'blog' } });
    const ids = async (labels: Record<string, string>) => (await engine.listContainers(labels)).map(({ id }) => id);
    assert.deepEqual(await ids({ 'minicloud.app': 'shop' }), [web]);
    assert.deepEqual(await ids({ 'minicloud.app': 'shop', 'minicloud.process': 'web' }), [web]);
    assert.deepEqual(await ids({ 'minicloud.app': 'shop', 'minicloud.process': 'worker' }), []);
    assert.equal((await ids({})).length, 2);
    assert.deepEqual(await other.listContainers({}), []);
    for (const refused of [
      () => other.inspectContainer(web),
      () => other.startContainer(web),
      () => other.stopContainer(web, 1),
      () => other.removeContainer(web),
      () => other.exec(web, ['true']),
      () => other.waitContainer(web),
      () => other.stats(web),
      () => collect(other.logs(web, {})),
      () => other.createContainer({ ...spec, network: 'none' }),
    ]) {
      await assert.rejects(refused, failsWith('forbidden'), String(refused));
    }
    assert.equal((await engine.inspectContainer(web))?.state, 'created');
  });

  withEngine('addresses come from the range of the network', 2, async (engine, spec) => {
    const id = await engine.createContainer(spec);
    await engine.startContainer(id);
    const address = (await engine.inspectContainer(id))?.addresses[`${prefix}cnet2`] ?? '';
    const last = (text: string) => Number(text.split('.').at(-1)?.split('/')[0]);
    const first = last(subnet(2).subnet);
    assert.ok(last(address) >= first + 2 && last(address) < first + 32, `${address} is outside ${subnet(2).range}`);
    assert.equal((await engine.listContainers({}))[0]?.addresses[`${prefix}cnet2`], address);
  });

  withEngine(
    'one that was given its address keeps it while it is stopped, where the engine tells',
    2,
    async (engine, spec) => {
      const { address } = subnet(2);
      const name = `${prefix}cnet2`;
      const id = await engine.createContainer({ ...spec, network: { name, aliases: [], address } });
      await engine.startContainer(id);
      await engine.stopContainer(id, 0);
      for (const told of [
        (await engine.inspectContainer(id))?.addresses[name],
        (await engine.listContainers({}))[0]?.addresses[name],
      ])
        assert.ok(told === address || (told === undefined && !engine.capabilities.tellsStoppedAddresses), told);
    },
  );

  withEngine('what can not be is refused before anything is made', 3, async (engine, spec) => {
    const platform = { binds: [{ source: '/tmp', path: '/host' }] };
    const unknown = `sha256:${'0'.repeat(64)}`;
    const make = (change: Partial<ContainerSpec>) => engine.createContainer({ ...spec, ...change });
    await assert.rejects(make({ image: fixtures.image }), failsWith('invalid_input'), 'a tag is no image');
    await assert.rejects(make({ image: unknown }), failsWith('image_not_found'));
    await assert.rejects(make({ network: { name: `${prefix}nothing`, aliases: [] } }), failsWith('not_found'));
    await assert.rejects(make({ volumes: [{ volume: `${prefix}nothing`, path: '/data' }] }), failsWith('not_found'));
    await assert.rejects(make(platform), failsWith('forbidden'));
    await assert.rejects(make({ network: 'host' }), failsWith('forbidden'));
    await assert.rejects(make({ capabilities: ['SYS_ADMIN'] }), failsWith('forbidden'));
    assert.deepEqual(await engine.listContainers({}), []);
  });

  withEngine("somebody else's objects are neither used nor changed", 4, async (engine, spec) => {
    const names = { network: `${prefix}fnet`, volume: `${prefix}fvol`, container: `${prefix}fbox` } as const;
    const kinds = ['container', 'volume', 'network'] as const;
    await foreign.makeNetwork(names.network, subnet(7).subnet);
    await foreign.makeVolume(names.volume);
    await foreign.makeContainer(names.container);
    try {
      const ours = await engine.createContainer(spec);
      const volumes = [{ volume: names.volume, path: '/data' }];
      for (const refused of [
        () => engine.createContainer({ ...spec, name: `${prefix}x`, network: { name: names.network, aliases: [] } }),
        () => engine.createContainer({ ...spec, name: `${prefix}x`, volumes }),
        () => engine.createContainer({ ...spec, name: names.container }),
        () => engine.connectNetwork(names.network, ours, { aliases: [] }),
        () => engine.connectNetwork(`${prefix}cnet4`, names.container, { aliases: [] }),
        () => engine.disconnectNetwork(names.network, ours),
        () => engine.inspectContainer(names.container),
        () => engine.startContainer(names.container),
        () => engine.stopContainer(names.container, 1),
        () => engine.removeContainer(names.container),
        () => engine.exec(names.container, ['true']),
      ]) {
        await assert.rejects(refused, failsWith('forbidden'), String(refused));
      }
      assert.equal((await engine.listContainers({})).length, 1);
      for (const kind of kinds) assert.ok(await foreign.isThere(kind, names[kind]), kind);
    } finally {
      for (const kind of kinds) await foreign.remove(kind, names[kind]);
    }
  });

  withEngine('what an image says about itself changes nothing we decide', 5, async (engine, spec) => {
    const claims = {
      'minicloud.app': 'victim',
      'minicloud.installation': engine.installation,
      'minicloud.desired': 'what-is-wanted',
      'minicloud.platform': 'true',
      'minicloud.name': `${prefix}guess`,
      'minicloud.keys': 'minicloud.app,minicloud.desired,minicloud.installation,minicloud.platform',
    };
    const image = await fixtures.hostileImage(claims);
    assert.deepEqual((await engine.inspectImage(image))?.volumes, ['/made-by-image']);
    // Made by hand of that image, on this machine: it carries all of the labels, and is not ours.
    await foreign.makeContainer(`${prefix}byhand`, image);
    await assert.rejects(engine.inspectContainer(`${prefix}byhand`), failsWith('forbidden'));
    await assert.rejects(engine.removeContainer(`${prefix}byhand`), failsWith('forbidden'));
    assert.deepEqual(await engine.listContainers({}), []);
    await foreign.remove('container', `${prefix}byhand`);
    const volumesBefore = (await foreign.volumeNames()).length;
    const { 'minicloud.app': _, ...labels } = spec.labels;
    const id = await engine.createContainer({ ...spec, image, labels });
    await engine.startContainer(id);
    const found = await engine.inspectContainer(id);
    assert.equal(found?.state, 'running');
    assert.equal(found?.labels['minicloud.app'], undefined);
    assert.equal(found?.labels['minicloud.platform'], undefined);
    assert.equal(found?.labels['minicloud.desired'], undefined);
    assert.deepEqual(await engine.listContainers({ 'minicloud.app': 'victim' }), []);
    assert.equal((await engine.listContainers({})).length, 1);
    await engine.removeContainer(id);
    assert.equal((await foreign.volumeNames()).length, volumesBefore, 'no volume without a name is left over');
  });

  withEngine('runs a program: input, variables, both outputs, exit code', 6, async (engine, spec) => {
    const id = await engine.createContainer(spec);
    await assert.rejects(engine.exec(id, ['cat']), failsWith('conflict'), 'it does not run yet');
    await engine.startContainer(id);
    const input = 'line 1\n'.repeat(20_000);
    assert.deepEqual(await engine.exec(id, ['cat'], { stdin: input }), { exitCode: 0, stdout: input, stderr: '' });
    const expected = { exitCode: 4, stdout: 'hello\n', stderr: 'oops\n' };
    assert.deepEqual(await engine.exec(id, replies, { env: { GREETING: 'hello' } }), expected);
  });

  withEngine(
    'keeps what a container prints, by stream, from the end, since, and while it runs',
    7,
    async (engine, spec) => {
      const id = await engine.createContainer({ ...spec, command: programs.prints });
      const before = Date.now() - 1000;
      await engine.startContainer(id);
      assert.equal(await engine.waitContainer(id), 3);
      const lines = await collect(engine.logs(id, {}));
      const text = (stream: string) => lines.filter((line) => line.stream === stream).map((line) => line.text);
      assert.deepEqual(text('stdout'), ['out']);
      assert.deepEqual(text('stderr'), ['err']);
      assert.ok(lines.every(({ at }) => at > before && at < Date.now() + 1000));
      assert.equal((await collect(engine.logs(id, { tail: 1 }))).length, 1);
      assert.deepEqual(await collect(engine.logs(id, { since: Date.now() + 60_000 })), []);

      const ticking = await engine.createContainer({ ...spec, name: `${spec.name}t`, command: programs.ticks });
      await engine.startContainer(ticking);
      const followed: EngineLogLine[] = await collect(engine.logs(ticking, { follow: true }));
      assert.deepEqual(
        followed.map((line) => line.text),
        ['tick 1', 'tick 2', 'tick 3'],
        'the whole of it, and an end when the container ended',
      );
    },
  );

  withEngine('tells what happens to our containers, and to no others', 8, async (engine, spec) => {
    const controller = new AbortController();
    const seen: (EngineEvent | { action: 'resync' })[] = [];
    const listening = (async () => {
      for await (const event of engine.events({ signal: controller.signal })) seen.push(event);
    })();
    await foreign.makeContainer(`${prefix}evbox`);
    const id = await engine.createContainer({ ...spec, command: programs.prints });
    await engine.startContainer(id);
    await engine.waitContainer(id);
    await engine.removeContainer(id);
    await foreign.remove('container', `${prefix}evbox`);
    const last = () => Promise.resolve(seen.find(({ action }) => action === 'destroy'));
    assert.ok(await poll(last, { firstMs: 20, mostMs: 100, deadlineMs: 20_000 }), 'it was never told that it is gone');
    controller.abort();
    await listening;
    const ours = seen.flatMap((event) => ('containerId' in event ? [event] : []));
    assert.ok(ours.every((event) => event.containerId === id && event.labels['minicloud.app'] === 'shop'));
    assert.deepEqual(
      ours.map(({ action }) => action),
      ['create', 'start', 'die', 'destroy'],
    );
    assert.equal(ours.find(({ action }) => action === 'die')?.exitCode, 3);
  });

  withEngine('starts again what should always run, and not what should run once', 9, async (engine, spec) => {
    const always = await engine.createContainer({ ...spec, command: programs.fails, restart: 'always' });
    const once = await engine.createContainer({ ...spec, name: `${spec.name}o`, command: programs.fails });
    await engine.startContainer(always);
    await engine.startContainer(once);
    const restarted = async () => ((await engine.inspectContainer(always))?.restarts ?? 0) >= 2 || undefined;
    assert.ok(await poll(restarted, { firstMs: 50, mostMs: 200, deadlineMs: 30_000 }));
    const ended = await engine.inspectContainer(once);
    assert.deepEqual([ended?.state, ended?.exitCode, ended?.restarts], ['exited', 7, 0]);
  });

  withEngine('volumes outlive their containers', 3, async (engine, spec) => {
    const volume = `${prefix}keep`;
    await engine.ensureVolume(volume, {});
    const id = await engine.createContainer({ ...spec, volumes: [{ volume, path: '/data' }] });
    await engine.startContainer(id);
    await assert.rejects(engine.removeVolume(volume), failsWith('conflict'), 'it is in use');
    await engine.removeContainer(id);
    assert.ok(await foreign.isThere('volume', volume));
  });

  withEngine('a running container joins and leaves networks', 4, async (engine, spec) => {
    const second = `${prefix}second`;
    const { subnet: block, range, address } = subnet(6);
    await engine.ensureNetwork({ name: second, subnet: block, range, labels: {} });
    try {
      const id = await engine.createContainer(spec);
      await engine.startContainer(id);
      await engine.connectNetwork(second, id, { aliases: ['db'], address });
      await engine.connectNetwork(second, id, { aliases: ['db'], address });
      assert.equal((await engine.inspectContainer(id))?.addresses[second], address);
      await assert.rejects(engine.connectNetwork(second, id, { aliases: ['other'], address }), failsWith('conflict'));
      await assert.rejects(engine.removeNetwork(second), failsWith('conflict'), 'somebody is in it');
      await engine.disconnectNetwork(second, id);
      await engine.disconnectNetwork(second, id);
      assert.equal((await engine.inspectContainer(id))?.addresses[second], undefined);
      await engine.disconnectNetwork(second, `${prefix}nothing`);
    } finally {
      for (const { id } of await engine.listContainers({})) await engine.removeContainer(id);
      await engine.removeNetwork(second);
    }
  });

  withEngine('waiting ends when nobody wants it any more', 5, async (engine, spec) => {
    const id = await engine.createContainer(spec);
    await engine.startContainer(id);
    const controller = new AbortController();
    const waiting = engine.waitContainer(id, { signal: controller.signal });
    const following = collect(engine.logs(id, { signal: controller.signal, follow: true }));
    setTimeout(() => controller.abort(), 50);
    await assert.rejects(waiting);
    assert.deepEqual(await following, []);
    await assert.rejects(engine.startContainer(id, { signal: AbortSignal.abort() }));
    assert.equal((await engine.inspectContainer(id))?.state, 'running', 'it was not ended by that');
  });
}
