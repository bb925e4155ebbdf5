/** An installation is taken off the machine: nothing of it is left running, its data stays unless it is to go too. */
import assert from 'node:assert/strict';
import { access, readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { ContainerSpec, Engine } from '../../server/src/adapters/engine/contract.ts';
import { createDockerEngine } from '../../server/src/adapters/engine/docker.ts';
import { type RunResult, runCommand } from '../../server/src/platform/exec.ts';
import { type Lab, requireEnv, startLab } from '../harness/companion.ts';

const root = path.resolve(import.meta.dirname, '../..');
const manifest = `name: keeper
image: minicloud-test/app:1
expose: [{ port: 8080 }]
healthcheck: { path: /healthz, port: 8080, grace: 20s }
needs: [database, storage]
`;
const host = 'keeper.localhost';
const foreign = { network: 'mc-uninstall-foreign', container: 'mc-uninstall-foreign' };

let lab: Lab;
let others: Engine;
before(async () => {
  const socketPath = requireEnv('MINICLOUD_TEST_DOCKER');
  others = await createDockerEngine({ socketPath, installation: 'uninstallother' });
  await others.ensureNetwork({ name: foreign.network, subnet: '10.217.0.0/26', labels: {} });
  const image = await others.inspectImage('minicloud-test/app:1');
  const spec: ContainerSpec = {
    name: foreign.container,
    image: image?.id ?? '',
    labels: {},
    env: {},
    network: { name: foreign.network, aliases: [] },
    volumes: [],
    restart: 'no',
  };
  await others.startContainer(await others.createContainer(spec));
  lab = await startLab({ block: 64 });
  const operation = await lab.deploy(manifest);
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  assert.ok((await lab.get(host, '/data/note', { method: 'PUT', body: 'kept' })).status < 300);
});
after(async () => {
  await lab?.remove();
  await others?.removeContainer(foreign.container);
  await others?.removeNetwork(foreign.network);
});

const uninstall = (...words: string[]): Promise<RunResult> =>
  runCommand(
    [
      process.execPath,
      path.join(root, 'server/src/main.ts'),
      'uninstall',
      ...['--home', lab.home, '--engine', 'docker', '--engine-socket', requireEnv('MINICLOUD_TEST_DOCKER')],
      ...words,
    ],
    { timeoutMs: 120_000 },
  );

/** How many there are of each kind. */
async function whatIsThere() {
  const { engine } = lab;
  const [containers, networks, volumes, rules] = await Promise.all([
    engine.listContainers({}),
    engine.listNetworks(),
    engine.listVolumes(),
    runCommand(['iptables', '-w', '-S']),
  ]);
  const chain = `MC-${engine.installation.slice(0, 8)}`;
  const firewall = rules.stdout.split('\n').filter((line) => line.includes(chain)).length > 0;
  return { containers: containers.length, networks: networks.length, volumes: volumes.length, firewall };
}
const everything = { containers: 3, networks: 2, volumes: 2, firewall: true };

test('it refuses while the companion runs', async () => {
  const ended = await uninstall('--confirm', hostname());
  assert.equal(ended.exitCode, 1, ended.stdout);
  assert.match(ended.stderr, /companion already runs/);
  assert.deepEqual(await whatIsThere(), everything);
  assert.equal((await lab.get(host)).status, 200);
});

test('without the right word it shows what would go, and changes nothing', async () => {
  await lab.stop();
  for (const words of [[], ['--confirm', 'yes'], ['--confirm'], ['--with-data', '--confirm', '']]) {
    const ended = await uninstall(...words);
    assert.equal(ended.exitCode, 2, ended.stderr);
    assert.match(ended.stderr, /keeper: they stop serving/);
    assert.match(ended.stderr, /Nothing was changed/);
    assert.match(ended.stderr, new RegExp(`--confirm ${lab.engine.installation}`));
  }
  const other = await uninstall('--home', path.join(lab.home, 'nowhere'), '--confirm', hostname());
  assert.equal(other.exitCode, 1);
  assert.match(other.stderr, /holds no database of Minicloud/);
  assert.deepEqual(await whatIsThere(), everything);
  assert.equal((await lab.get(host)).status, 200, 'it serves without the companion');
});

test('what runs goes, data and home stay, and nothing of others is touched', async () => {
  const ended = await uninstall('--confirm', lab.engine.installation, '--json');
  assert.equal(ended.exitCode, 0, ended.stderr);
  const { installation } = lab.engine;
  const outcome = { installation, containers: 3, networks: 2, volumes: 0, data: 'kept', left: [] };
  assert.deepEqual(JSON.parse(ended.stdout), outcome);
  assert.deepEqual(await whatIsThere(), { containers: 0, networks: 0, volumes: 2, firewall: false });
  assert.equal((await others.inspectContainer(foreign.container))?.state, 'running');
  assert.equal((await others.listNetworks()).length, 1);
  const again = await uninstall('--confirm', hostname());
  assert.equal(again.exitCode, 0, again.stderr);
  assert.match(again.stderr, /This engine has no container of these apps/);
});

test('the next start on the home brings everything back, with its data', async () => {
  await lab.start();
  const end = performance.now() + 60_000;
  let note = '';
  while (!note.includes('kept') && performance.now() < end)
    note = await lab.get(host, '/data/note').then(
      ({ text }) => text,
      () => '',
    );
  assert.match(note, /kept/);
  await lab.stop();
});

test('with data nothing is left but what was not ours', async () => {
  const ended = await uninstall('--with-data', '--confirm', hostname());
  assert.equal(ended.exitCode, 0, ended.stderr);
  assert.deepEqual(await whatIsThere(), { containers: 0, networks: 0, volumes: 0, firewall: false });
  await assert.rejects(access(lab.home), 'the home is gone');
  assert.equal((await others.inspectContainer(foreign.container))?.state, 'running');
  assert.ok((await readdir(path.dirname(lab.home))).length > 0);
});
