/** Deploys that must fail: each ends with the old release serving and an error that says what, why and what to do. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Operation } from 'minicloud-shared/model/operation';
import { type Lab, startLab } from '../harness/companion.ts';

const host = 'shop.localhost';
const manifest = (extra = '', health = 'grace: 2s, retries: 2, interval: 500ms') => `name: shop
image: minicloud-test/app:1
expose:
- port: 8080
healthcheck: { path: /healthz, port: 8080, ${health} }
${extra}`;
let lab: Lab;
before(async () => {
  lab = await startLab({ block: 64 });
  const first = await lab.deploy(manifest('', 'grace: 20s'));
  assert.equal(first.state, 'succeeded', JSON.stringify(first.problem));
});
after(() => lab.remove());

/** The deploy fails with the code, release 1 still serves and nothing of the failed one is left. */
async function failsAs(operation: Operation, code: string): Promise<NonNullable<Operation['problem']>> {
  assert.equal(operation.state, 'failed');
  assert.equal(operation.problem?.code, code, JSON.stringify(operation.problem, null, 1));
  assert.match(operation.problem.still, /Release 1 still serves/);
  assert.ok(operation.problem.remedy.length > 10);
  const answer = await lab.get(host);
  assert.equal((JSON.parse(answer.text) as { release: string }).release, '1');
  const containers = await lab.engine.listContainers({ 'minicloud.app-name': 'shop' });
  assert.deepEqual(
    containers.map((container) => container.labels['minicloud.release']),
    ['1'],
  );
  const release = await lab.client.releases.get.query({ app: 'shop', version: operation.release ?? 0 });
  assert.equal(release.state, 'failed');
  assert.equal(release.problem?.code, code);
  return operation.problem;
}

test('a container that exits at once: its exit code and last log lines are told', async () => {
  const text = manifest('processes: { web: { command: [testapp, exit, "3", starting, "no such table: users"] } }\n');
  const problem = await failsAs(await lab.deploy(text), 'container_exited');
  assert.match(problem.why, /exit code 3/);
  assert.ok(
    problem.evidence.some((line) => line.includes('no such table: users')),
    problem.evidence.join('\n'),
  );
});

test('a container that runs out of memory: said as that', async () => {
  const text = manifest('resources: { memory: 64MB }\nprocesses: { web: { command: testapp oom } }\n', 'grace: 20s');
  const problem = await failsAs(await lab.deploy(text), 'container_exited');
  assert.match(problem.why, /out of memory/);
  assert.match(problem.remedy, /memory/);
});

test('a release that never becomes healthy: the answer of its health check is told', async () => {
  const problem = await failsAs(await lab.deploy(manifest('env: { TESTAPP_HEALTH: never }\n')), 'health_failed');
  assert.match(problem.why, /answered 503/);
});

test('a release that listens on 127.0.0.1 only: the remedy says so', async () => {
  const problem = await failsAs(await lab.deploy(manifest('env: { TESTAPP_BIND: 127.0.0.1 }\n')), 'health_failed');
  assert.match(problem.why, /refused/);
  assert.match(problem.remedy, /0\.0\.0\.0:8080/);
});

test('a release command that fails stops the deploy before anything is switched', async () => {
  const operation = await lab.deploy(manifest('release: { command: [testapp, exit, "7", "migration 12 failed"] }\n'));
  const problem = await failsAs(operation, 'release_command_failed');
  assert.match(problem.why, /exit code 7/);
  assert.ok(problem.evidence.some((line) => line.includes('migration 12 failed')));
  assert.ok(!operation.steps.some((step) => step.id.startsWith('start')), 'no replica was started');
});

test('a release command that takes too long is ended', async () => {
  const problem = await failsAs(
    await lab.deploy(manifest('release: { command: testapp sleep 600, timeout: 1s }\n')),
    'release_command_failed',
  );
  assert.match(problem.why, /within 1 s/);
});

test('an image that is nowhere is told at once and makes no release', async () => {
  const before = (await lab.client.releases.list.query({ app: 'shop' })).length;
  const error = await lab.client.deploys.start.mutate({ manifest: manifest(), image: '127.0.0.1:9/none/such:1' }).then(
    () => undefined,
    (refused: { data?: { problem?: { code: string; object: string; remedy: string } } }) => refused.data?.problem,
  );
  assert.equal(error?.code, 'registry_unreachable', JSON.stringify(error));
  assert.match(error.object, /127\.0\.0\.1:9\/none\/such:1/);
  assert.equal((await lab.client.releases.list.query({ app: 'shop' })).length, before);
});

test('what this server does not do yet is refused by its key, never ignored', async () => {
  const text = `${manifest()}jobs:\n- { name: nightly, schedule: "0 3 * * *", command: node report.js }\nplacement: { region: eu }\n`;
  const error = await lab.client.deploys.start
    .mutate({ manifest: text })
    .catch((refused: { data: { problem: { code: string; why: string } } }) => refused.data.problem);
  assert.ok('code' in error);
  assert.equal(error.code, 'not_available');
  assert.match(error.why, /not available on this server yet: jobs/);
  assert.match(error.why, /not available on this server yet: placement/);
});

test('a manifest with errors is refused with all of them and their places', async () => {
  const text = 'name: Shop!\nexpose:\n- port: 70000\nimag: x\n';
  const { plan, diagnostics } = await lab.client.plans.create.mutate({ manifest: text });
  assert.equal(plan, undefined);
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  assert.deepEqual(errors.map((diagnostic) => diagnostic.range.start.line).sort(), [0, 2, 3]);
});

test('a domain of another app is refused and nothing is made', async () => {
  const text = manifest()
    .replace('name: shop', 'name: thief')
    .replace('- port: 8080', `- { port: 8080, domains: [${host}] }`);
  const { plan, diagnostics } = await lab.client.plans.create.mutate({ manifest: text });
  assert.equal(plan, undefined);
  assert.match(diagnostics.map((diagnostic) => diagnostic.message).join(), /kept for an app called shop/);
  assert.ok(!(await lab.client.apps.list.query()).some((app) => app.name === 'thief'));
});

test('a deploy that is cancelled is taken back', async () => {
  const started = await lab.client.deploys.start.mutate({
    manifest: manifest('env: { TESTAPP_HEALTH: never }\n', 'grace: 60s'),
  });
  while (
    ((await lab.client.operations.get.query({ id: started.operationId })).steps.at(-1)?.id ?? '') !== 'await-healthy'
  );
  await lab.client.operations.cancel.mutate({ id: started.operationId });
  const operation = await lab.finished(started.operationId);
  assert.equal(operation.state, 'cancelled');
  assert.equal((await lab.engine.listContainers({ 'minicloud.app-name': 'shop' })).length, 1);
  assert.equal((await lab.get(host)).status, 200);
});

test('the first deploy of an app that fails leaves no route and says that nothing served yet', async () => {
  const operation = await lab.deploy(
    manifest('processes: { web: { command: testapp exit 1 } }\n').replace('shop', 'newborn'),
  );
  assert.equal(operation.state, 'failed');
  assert.match(operation.problem?.still ?? '', /No release of this app has served yet/);
  assert.equal((await lab.get('newborn.localhost', '/', { plain: true })).status, 421);
  assert.equal((await lab.client.apps.get.query({ name: 'newborn' })).state, 'failed');
});
