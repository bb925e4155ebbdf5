/** Deploys that must fail: each ends with the old release serving and an error that says what, why and what to do. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Operation } from 'minicloud-shared/model/operation';
import type { Problem } from 'minicloud-shared/model/problem';
import { tarOf } from '../../server/src/adapters/engine/conformance.ts';
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
const made: string[] = [];
after(async () => {
  const { engine } = lab;
  await lab.remove();
  for (const tag of made) await engine.removeImage(tag);
});

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
    .catch((refused: { data: { problem: Problem } }) => refused.data.problem);
  assert.ok('code' in error);
  assert.equal(error.code, 'not_available');
  assert.match(error.why, /Not available on this server yet: jobs/);
  assert.match(error.why, /Not available on this server yet: placement/);
  assert.deepEqual(
    error.evidence.map((line) => line.split('  ').slice(0, 2).join('  ')),
    ['cloud_manifest.yml:7:1  manifest/not-available', 'cloud_manifest.yml:8:12  manifest/not-available'],
  );
  const { plan, diagnostics } = await lab.client.plans.create.mutate({ manifest: text });
  assert.equal(plan, undefined);
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error').map(({ code, range }) => [code, range.start.line]),
    [
      ['manifest/not-available', 6],
      ['manifest/not-available', 7],
    ],
  );
});

/** An image on top of the test app; gone with the file. */
async function imageOf(name: string, lines: string[]): Promise<string> {
  const tag = `minicloud/test-${name}:1`;
  const context = tarOf({ Dockerfile: `FROM minicloud-test/app:1\n${lines.join('\n')}\n` });
  await lab.engine.buildImage(context, tag);
  made.push(tag);
  return tag;
}

const refusal = (manifestText: string, image: string) =>
  lab.client.deploys.start.mutate({ manifest: manifestText, image }).then(
    () => assert.fail('it was not refused'),
    (error: { data?: { problem?: Problem } }) => error.data?.problem ?? assert.fail(String(error)),
  );

test('an image that can not be started is refused or told by cause and remedy, not in the words of the engine', async () => {
  const root = await refusal(manifest(), await imageOf('root-volume', ['VOLUME /']));
  assert.deepEqual([root.code, root.object], ['image_unusable', 'image minicloud/test-root-volume:1']);
  assert.match(root.why, /VOLUME at \//);

  const nobody = await lab.deploy(manifest('security: { user: "nosuch" }\n'));
  const user = await failsAs(nobody, 'image_unusable');
  assert.match(user.object, /^container minicloud-shop-web\.1-v\d+-/);
  assert.match(user.why, /no user nosuch\./);
  assert.match(user.remedy, /security: \{ user/);

  const program = manifest('processes: { web: { command: /no/such } }\n');
  const missing = await failsAs(await lab.deploy(program), 'container_exited');
  assert.match(missing.why, /no program \/no\/such in the image/);
  assert.match(missing.remedy, /command in the manifest/);

  const migrate = await failsAs(await lab.deploy(manifest('release: { command: nosuch }\n')), 'release_command_failed');
  assert.match(migrate.why, /no program nosuch/);
  assert.match(migrate.remedy, /command/);
});

test('what an image says under our labels confuses nobody: it is deployed, replaced and found as any other', async () => {
  const [serving] = await lab.engine.listContainers({ 'minicloud.app-name': 'shop' });
  const { labels } = serving ?? assert.fail('nothing serves');
  const claims = Object.entries({ ...labels, 'minicloud.process': 'stolen', 'minicloud.role': 'support' });
  const image = await imageOf(
    'labels',
    claims.map(([key, value]) => `LABEL ${key}="${value}"`),
  );
  const operation = await lab.deploy(manifest('', 'grace: 20s').replace('name: shop', 'name: claims'), image);
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  const [mine, ...more] = await lab.engine.listContainers({ 'minicloud.app-name': 'claims' });
  assert.equal(more.length, 0);
  assert.deepEqual([mine?.labels['minicloud.process'], mine?.labels['minicloud.role']], ['web', 'process']);
  const shop = await lab.engine.listContainers({ 'minicloud.app': labels['minicloud.app'] ?? '' });
  assert.deepEqual(
    shop.map(({ id }) => id),
    [serving?.id],
  );
  const again = await lab.deploy(manifest('', 'grace: 20s').replace('name: shop', 'name: claims'), image);
  assert.equal(again.state, 'succeeded', JSON.stringify(again.problem));
  assert.equal((await lab.get(host)).status, 200);
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
