/**
 * What an earlier version of Minicloud made is adopted: containers that do not carry their own name, that were made with
 * other settings, and a MariaDB without the companion's own door. They are made here by the bare engine, word by word.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { tarOf } from '../../server/src/adapters/engine/conformance.ts';
import { type Lab, requireEnv, startLab } from '../harness/companion.ts';

const keeping = 'minicloud/test-upgrade-keeping:1';
const copied = 'minicloud/test-upgrade-copied:1';
const keeper = `name: keeper
image: ${keeping}
expose: [{ port: 8080 }]
support:
  side: { image: "${keeping}" }
`;
const plain = 'name: plain\nimage: minicloud-test/app:1\nexpose: [{ port: 8080 }]\n';
const sampleManifest = path.resolve(import.meta.dirname, '../../server/images/sample/cloud_manifest.yml');

let lab: Lab;
let docker: Docker;
before(async () => {
  docker = new Docker({ socketPath: requireEnv('MINICLOUD_TEST_DOCKER') });
  lab = await startLab({ block: 192 });
  const dockerfile = 'FROM minicloud-test/app:1\nVOLUME /data\n';
  await lab.engine.buildImage(tarOf({ Dockerfile: dockerfile }), keeping);
  const sample = await readFile(sampleManifest, 'utf8');
  for (const [text, image] of [[keeper], [plain], [sample, requireEnv('MINICLOUD_TEST_SAMPLE_IMAGE')]] as const) {
    const operation = await lab.deploy(text, image);
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem, null, 1));
  }
});
after(async () => {
  await docker
    .getContainer('somebodys-copy')
    .remove({ force: true })
    .catch(() => {});
  const { engine } = lab;
  await lab.remove();
  for (const image of [keeping, copied]) await engine.removeImage(image);
});

const isEarlier = ([name]: [string, unknown]) => name !== 'minicloud.name';

/** The same container as an earlier version made it; its data in folders without storage is new. */
async function madeEarlier(id: string): Promise<void> {
  const { Name, Config, HostConfig, NetworkSettings } = await docker.getContainer(id).inspect();
  const labels = Object.fromEntries(Object.entries(Config.Labels).filter(isEarlier));
  const keys = (labels['minicloud.keys'] ?? '').split(',').filter((key) => key !== 'minicloud.name');
  const database = labels['minicloud.platform'] === 'mariadb';
  const proxy = labels['minicloud.platform'] === 'proxy';
  const networks = Object.entries(NetworkSettings.Networks).map(([network, at]) => ({
    network,
    EndpointConfig: { Aliases: at.Aliases ?? [], IPAMConfig: { IPv4Address: at.IPAddress } },
  }));
  const first = networks.find(({ network }) => network === HostConfig.NetworkMode);
  await docker.getContainer(id).remove({ force: true });
  const made = await docker.createContainer({
    ...Config,
    name: Name.slice(1),
    // The id of the container that it was, as the engine chose it.
    Hostname: '',
    Cmd: database ? Config.Cmd.filter((word) => !word.startsWith('--extra-')) : Config.Cmd,
    Labels: {
      ...labels,
      'minicloud.keys': keys.join(','),
      ...(proxy ? {} : { 'minicloud.spec': 'of-an-earlier-version' }),
      // The sample is as it would be made today: its database is looked after all the same.
      ...('minicloud.desired' in labels && labels['minicloud.app-name'] !== 'sample'
        ? { 'minicloud.desired': 'of-an-earlier-version' }
        : {}),
    },
    HostConfig,
    ...(first ? { NetworkingConfig: { EndpointsConfig: { [first.network]: first.EndpointConfig } } } : {}),
  });
  for (const { network, EndpointConfig } of first ? networks : []) {
    if (network !== first?.network) await docker.getNetwork(network).connect({ Container: made.id, EndpointConfig });
  }
  await made.start();
}

/** Answers when the app does; whatever it answers before is no matter. */
async function answered(host: string, at: string, init: Parameters<Lab['get']>[2] = {}): Promise<string> {
  const end = performance.now() + 90_000;
  for (;;) {
    const answer = await lab.get(host, at, init).catch(String);
    if (typeof answer !== 'string' && answer.status < 300) return answer.text;
    if (performance.now() > end) throw new Error(`${host}${at} did not answer: ${JSON.stringify(answer)}`);
    await sleep(100);
  }
}
const json = { 'content-type': 'application/json' };
const entry = { method: 'POST', body: JSON.stringify({ name: 'Ada', message: 'written yesterday' }), headers: json };

test('an installation of an earlier version is adopted: nothing is lost, abandoned or taken from others', async () => {
  await lab.stop();
  const mine = await docker.listContainers({ all: true, filters: { label: ['minicloud.installation'] } });
  assert.equal(mine.length, 6, 'keeper, its side, plain, sample, MariaDB and the proxy');
  // The database first: what needs it starts after it.
  mine.sort((a, b) => Number(b.Names[0]?.includes('mariadb')) - Number(a.Names[0]?.includes('mariadb')));
  for (const { Id } of mine) await madeEarlier(Id);
  const byName = async () => {
    const found = await docker.listContainers({ all: true, filters: { label: ['minicloud.installation'] } });
    return new Map(found.map(({ Names, Id }) => [Names[0]?.slice(1) ?? '', Id]));
  };
  const before = await byName();
  const idOf = (names: Map<string, string>, part: string) =>
    [...names].filter(([name]) => name.includes(part)).map(([, id]) => id);
  // A copy of one of ours has its labels from its image: it is somebody's own.
  const original = docker.getContainer(idOf(before, '-plain-')[0] ?? '');
  await original.commit({ repo: copied.split(':')[0], tag: '1' });
  await docker.createContainer({ Image: copied, name: 'somebodys-copy' });

  await answered('keeper.localhost', '/data/note', { method: 'PUT', body: 'written yesterday' });
  await answered('plain.localhost', '/');
  await answered('sample.localhost', '/api/entries', entry);

  const failed: unknown[] = [];
  let asking = true;
  const visitor = (async () => {
    while (asking) {
      const answer = await lab
        .get('keeper.localhost', '/data/note')
        .catch((error: unknown) => ({ status: 0, text: error }));
      if (answer.status !== 200 || !String(answer.text).includes('written yesterday'))
        failed.push([answer.status, answer.text]);
      await sleep(20);
    }
  })();
  await lab.start();
  const end = performance.now() + 120_000;
  for (;;) {
    const open = (await lab.client.operations.list.query({})).filter(({ state }) => /queued|running/.test(state));
    const { components } = await lab.client.system.status.query({});
    if (open.length === 0 && components.every(({ state }) => state === 'ok')) break;
    assert.ok(performance.now() < end, JSON.stringify([open, components]));
    await sleep(100);
  }
  asking = false;
  await visitor;

  assert.deepEqual(failed, [], 'visitors of what was kept noticed nothing');
  const now = await byName();
  for (const part of ['-keeper-web', '-keeper-side', '-sample-web', 'minicloud-proxy-'])
    assert.deepEqual(idOf(now, part), idOf(before, part), `${part} is the very same`);
  assert.notDeepEqual(idOf(now, 'mariadb'), idOf(before, 'mariadb'), 'MariaDB was made anew');
  assert.match(lab.log(), /MariaDB is replaced by one with newer settings/);
  assert.notDeepEqual(idOf(now, '-plain-web'), idOf(before, '-plain-web'), 'what holds nothing is as it is made today');
  assert.ok(now.has('somebodys-copy'), 'the copy is left alone');
  assert.equal((await lab.engine.listContainers({})).length, 6, 'and is none of ours');
  assert.match(await answered('sample.localhost', '/api/entries'), /written yesterday/);
  for (const name of ['keeper', 'plain', 'sample'])
    assert.equal((await lab.client.apps.get.query({ name })).state, 'running', name);
});

test('the end of an adopted container is seen, and what it holds survives it', async () => {
  const of = async () => lab.engine.listContainers({ 'minicloud.role': 'support' });
  const [side] = await of();
  assert.ok(side);
  await docker.getContainer(side.id).stop({ t: 0 });
  const end = performance.now() + 60_000;
  while ((await of())[0]?.state !== 'running') {
    assert.ok(performance.now() < end, lab.log().slice(-2000));
    await sleep(100);
  }
  assert.equal((await of())[0]?.id, side.id, 'it was started again, not replaced');
});

test('the next deploy says what goes with the containers that were kept', async () => {
  const { plan } = await lab.client.plans.create.mutate({ manifest: keeper });
  const lost = plan?.changes.filter(({ consequence }) => consequence === 'data').map(({ object }) => object);
  assert.deepEqual(lost, ['data at /data', 'data at /data of side']);
  const started = await lab.client.deploys.start.mutate({ manifest: keeper, ...(plan ? { planHash: plan.hash } : {}) });
  assert.equal((await lab.finished(started.operationId)).state, 'succeeded');
  const [web] = await lab.engine.listContainers({ 'minicloud.role': 'process', 'minicloud.app-name': 'keeper' });
  const { Config } = await docker.getContainer(web?.id ?? '').inspect();
  assert.equal(Config.Labels['minicloud.name'], web?.name);
});
