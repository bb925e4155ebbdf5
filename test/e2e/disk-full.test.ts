/** The disk of the home folder full at every moment of a deploy: what serves goes on, and all is well when there is room. */
import assert from 'node:assert/strict';
import { statfsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../../server/src/platform/exec.ts';
import { type Lab, startLab } from '../harness/companion.ts';

const host = 'shop.localhost';
const manifest = (colour: string) => `name: shop
image: minicloud-test/app:1
expose:
- port: 8080
env: { COLOUR: ${colour}, TESTAPP_START_MS: "700" }
healthcheck: { path: /healthz, port: 8080, grace: 20s }
`;
let home: string;
let lab: Lab;
before(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'minicloud-small-'));
  const mounted = await runCommand(['mount', '-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', home]);
  assert.equal(mounted.exitCode, 0, mounted.stderr);
  lab = await startLab({ block: 192, home });
  const first = await lab.deploy(manifest('white'));
  assert.equal(first.state, 'succeeded', JSON.stringify(first.problem));
});
after(async () => {
  await lab.remove().catch(() => {});
  await runCommand(['umount', '-l', home]);
  await rm(home, { recursive: true, force: true });
});

const ballast = () => path.join(home, 'ballast');
async function fill(): Promise<void> {
  for (let size = 64 * 1024 * 1024; size >= 1024; size = Math.floor(size / 2)) {
    await writeFile(ballast(), Buffer.alloc(size), { flag: 'a' }).catch(() => {});
  }
  assert.equal(statfsSync(home).bavail, 0);
}

async function served(): Promise<string> {
  const answer = await lab.get(host);
  assert.equal(answer.status, 200);
  return (JSON.parse(answer.text) as { release: string }).release;
}

test('full before a deploy: it is refused as that, and nothing is changed', async () => {
  await fill();
  const problem = await lab.client.deploys.start.mutate({ manifest: manifest('red') }).then(
    () => assert.fail('it was accepted'),
    (error: { data?: { problem?: { code: string; remedy: string } } }) => error.data?.problem,
  );
  assert.equal(problem?.code, 'disk_full', JSON.stringify(problem));
  assert.equal(await served(), '1');
  await rm(ballast());
});

test('full while the new release starts: the old one goes on, and the end is told', async () => {
  const started = await lab.client.deploys.start.mutate({ manifest: manifest('green') });
  for (;;) {
    const { steps } = await lab.client.operations.get.query({ id: started.operationId });
    if (steps.some((step) => step.id === 'await-healthy')) break;
    await sleep(10);
  }
  await fill();
  const operation = await lab.finished(started.operationId);
  assert.equal(operation.state, 'failed');
  assert.equal(operation.problem?.code, 'disk_full', JSON.stringify(operation.problem));
  assert.equal(await served(), '1');
  await rm(ballast());
});

test('with room again a deploy succeeds, and no release stays open', async () => {
  const operation = await lab.deploy(manifest('blue'));
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  assert.equal(await served(), String(operation.release));
  await lab.stop();
  await lab.start();
  const states = (await lab.client.releases.list.query({ app: 'shop' })).map((release) => release.state);
  assert.deepEqual(
    states.filter((state) => state === 'pending' || state === 'deploying'),
    [],
  );
  assert.equal((await lab.client.apps.get.query({ name: 'shop' })).state, 'running');
});
