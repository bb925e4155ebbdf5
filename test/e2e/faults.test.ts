/** Trouble with the parts: each time the old state serves, the error names object, cause and remedy, and all comes back. */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../../server/src/platform/exec.ts';
import { type Lab, requireEnv, startLab } from '../harness/companion.ts';
import { engineProcess, killEngine, startEngineAgain } from '../harness/restart-engine.ts';

const host = 'shop.localhost';
const manifest = (extra = '') => `name: shop
image: minicloud-test/app:1
expose:
- port: 8080
needs: [database, storage]
healthcheck: { path: /healthz, port: 8080, grace: 20s }
${extra}`;
let lab: Lab;
before(async () => {
  lab = await startLab();
  const first = await lab.deploy(manifest());
  assert.equal(first.state, 'succeeded', JSON.stringify(first.problem));
  await lab.get(host, '/data/kept', { method: 'PUT', body: 'kept' });
});
after(() => lab.remove());

const component = async (name: string) =>
  (await lab.client.system.status.query()).components.find((one) => one.name === name);

/** The app answers and its data is there. */
async function serves(withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  let last = '';
  while (performance.now() < end) {
    last = await lab.get(host, '/data/kept').then(({ status, text }) => `${status} ${text}`, String);
    if (last.startsWith('200') && last.includes('kept')) return;
    await sleep(100);
  }
  assert.fail(`it does not serve: ${last}`);
}

async function problemOf(
  refused: Promise<unknown>,
): Promise<{ code: string; object: string; why: string; remedy: string; still: string }> {
  return refused.then(
    () => assert.fail('it was not refused'),
    (error: { data?: { problem: { code: string; object: string; why: string; remedy: string; still: string } } }) =>
      error.data?.problem ?? assert.fail(String(error)),
  );
}

test('a container removed behind our back is made again', async () => {
  const [replica] = await lab.engine.listContainers({ 'minicloud.process': 'web' });
  await lab.engine.removeContainer(replica?.id ?? '');
  await serves(20_000);
});

test('a replica that is stopped by hand is started again, at its own address', async () => {
  const [before] = await lab.engine.listContainers({ 'minicloud.process': 'web' });
  await lab.engine.stopContainer(before?.id ?? '', 1);
  await serves(20_000);
  const [now] = await lab.engine.listContainers({ 'minicloud.process': 'web' });
  assert.equal(now?.id, before?.id);
  assert.deepEqual(now?.addresses, before?.addresses);
});

test('the proxy killed: it is back and serves from its own state, with the companion away', async () => {
  await lab.stop();
  const [proxy] = await lab.engine.listContainers({ 'minicloud.platform': 'proxy' });
  const facts = await lab.engine.inspectContainer(proxy?.id ?? '');
  process.kill(facts?.pid ?? 0, 'SIGKILL');
  await serves(20_000);
  await lab.start();
});

test('the proxy removed behind our back: it is made again', async () => {
  const [proxy] = await lab.engine.listContainers({ 'minicloud.platform': 'proxy' });
  await lab.engine.removeContainer(proxy?.id ?? '');
  await serves(20_000);
});

test('the state of the proxy damaged while it is down: what can be saved serves, the companion puts the rest back', async () => {
  await lab.stop();
  const [proxy] = await lab.engine.listContainers({ 'minicloud.platform': 'proxy' });
  await lab.engine.stopContainer(proxy?.id ?? '', 1);
  const folder = path.join(lab.home, 'proxy/state');
  const files = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));
  assert.ok(files.length > 0);
  for (const file of files) writeFileSync(path.join(folder, file), 'damaged');
  await lab.start();
  await serves(20_000);
});

test('the port of the proxy taken: the companion says which, and by what', async () => {
  await lab.stop();
  const [proxy] = await lab.engine.listContainers({ 'minicloud.platform': 'proxy' });
  await lab.engine.removeContainer(proxy?.id ?? '');
  const squatter = createServer().listen(lab.httpsPort, '127.0.0.1');
  const seen = lab.log().length;
  await lab.start({ unready: true });
  const end = performance.now() + 40_000;
  while (!lab.log().slice(seen).includes(String(lab.httpsPort)) && performance.now() < end) await sleep(100);
  assert.match(lab.log().slice(seen), new RegExp(`port ${lab.httpsPort}`));
  assert.match(lab.log().slice(seen), /do {5}|remedy|free/i);
  squatter.close();
  await lab.stop();
  await lab.start();
  await serves(20_000);
});

test('a database server that hangs: the deploy says so, the app goes on', async () => {
  const [mariadb] = await lab.engine.listContainers({ 'minicloud.platform': 'mariadb' });
  const facts = await lab.engine.inspectContainer(mariadb?.id ?? '');
  const pids = (await runCommand(['pgrep', '--ns', String(facts?.pid), '--nslist', 'pid', '.'])).stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map(Number);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    assert.equal((await component('mariadb'))?.state, 'down');
    await serves(20_000);
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
  const operation = await lab.deploy(manifest());
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
});

test('the engine frozen: questions end, nothing is changed, and it goes on afterwards', async () => {
  const engine = engineProcess(requireEnv('MINICLOUD_TEST_DOCKER'));
  process.kill(engine.pid, 'SIGSTOP');
  try {
    // It answers at all, within the time of a client's request: a question to a frozen engine ends.
    assert.equal((await component('engine'))?.state, 'down');
    await serves(20_000);
  } finally {
    process.kill(engine.pid, 'SIGCONT');
  }
  assert.equal((await component('engine'))?.state, 'ok');
});

test('the engine killed and started again: apps come back by themselves, a deploy meanwhile is refused', async () => {
  const socket = requireEnv('MINICLOUD_TEST_DOCKER');
  const engine = engineProcess(socket);
  await killEngine(engine);
  const refused = await problemOf(lab.client.deploys.start.mutate({ manifest: manifest() }));
  assert.equal(refused.code, 'engine_unreachable', JSON.stringify(refused));
  assert.equal((await component('engine'))?.state, 'down');
  await startEngineAgain(engine, socket);
  await serves(60_000);
  const operation = await lab.deploy(manifest('env: { AFTER: restart }\n'));
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  assert.equal((await component('firewall'))?.state, 'ok');
});
