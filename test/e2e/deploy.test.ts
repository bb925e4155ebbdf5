/** Deploys on the real engine through the real proxy: what a visitor sees before, during and after. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lab, startLab } from '../harness/companion.ts';

const manifest = (extra = '') => `name: shop
image: minicloud-test/app:1
expose:
- port: 8080
healthcheck: { path: /healthz, port: 8080, grace: 20s }
${extra}`;
const host = 'shop.localhost';
let lab: Lab;
before(async () => {
  lab = await startLab();
});
after(() => lab.remove());

const version = async () => JSON.parse((await lab.get(host)).text) as { version: string; release: string };

test('a first deploy answers over HTTPS under its own name, measured', async () => {
  const operation = await lab.deploy(manifest());
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  const answer = await lab.get(host);
  assert.equal(answer.status, 200);
  assert.equal((JSON.parse(answer.text) as { version: string }).version, '1');
  const [release] = await lab.client.releases.list.query({ app: 'shop' });
  assert.equal(release?.state, 'current');
  assert.ok((release?.receipt?.probes.sent ?? 0) > 0, 'the receipt holds the probes sent');
  assert.equal(release?.receipt?.probes.failed, 0);
  assert.deepEqual(release?.receipt?.steps.map((step) => step.name).slice(-4), [
    'await-healthy',
    'switch-routes',
    'probe',
    'finish',
  ]);
  const plain = await lab.get(host, '/a?b=c', { plain: true });
  assert.equal(plain.status, 308);
  assert.equal(plain.headers.location, `https://${host}:${lab.httpsPort}/a?b=c`);
  assert.equal((await lab.get('nobody.localhost', '/', { plain: true })).status, 421);
});

test('a second deploy replaces it without one failed request, kept-alive or not', async () => {
  const stop = new AbortController();
  const failures: string[] = [];
  let sent = 0;
  const visitor = async (headers: Record<string, string>) => {
    while (!stop.signal.aborted) {
      sent += 1;
      try {
        const { status } = await lab.get(host, '/', { headers });
        if (status !== 200) failures.push(String(status));
      } catch (error) {
        failures.push(String(error));
      }
    }
  };
  const visitors = [visitor({}), visitor({ connection: 'close' })];
  const operation = await lab.deploy(manifest(), 'minicloud-test/app:2');
  stop.abort();
  await Promise.all(visitors);
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  assert.deepEqual(failures, []);
  assert.ok(sent > 20, `${sent} requests were sent`);
  assert.equal((await version()).version, '2');
  const containers = await lab.engine.listContainers({ 'minicloud.process': 'web' });
  assert.deepEqual(
    containers.map((container) => container.labels['minicloud.release']),
    ['2'],
    'the old replica is gone',
  );
  const states = (await lab.client.releases.list.query({ app: 'shop' })).map((release) => [
    release.version,
    release.state,
  ]);
  assert.deepEqual(states, [
    [2, 'current'],
    [1, 'superseded'],
  ]);
});

test('what was deployed is what is desired: nothing is repaired afterwards', async () => {
  // Longer than the companion waits after a container has gone.
  await sleep(1500);
  const repairs = (await lab.client.operations.list.query({})).filter((operation) => operation.kind === 'converge');
  assert.deepEqual(repairs, []);
});

test('a rollback appends a release that is what the earlier one was', async () => {
  const started = await lab.client.releases.rollback.mutate({ app: 'shop' });
  const operation = await lab.finished(started.operationId);
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  assert.deepEqual(await version(), { ...(await version()), version: '1', release: '3' });
  const states = (await lab.client.releases.list.query({ app: 'shop' })).map((release) => [
    release.version,
    release.state,
    release.reason,
  ]);
  assert.deepEqual(states, [
    [3, 'current', 'rollback to 1'],
    [2, 'rolled_back', 'deploy'],
    [1, 'superseded', 'deploy'],
  ]);
});

test('what was planned is what is applied; anything else is refused', async () => {
  const input = { manifest: manifest('env: { COLOUR: blue }\n'), image: 'minicloud-test/app:2' };
  const { plan } = await lab.client.plans.create.mutate(input);
  assert.ok(plan);
  assert.deepEqual(
    plan.changes.map((change) => [change.action, change.object, change.consequence]),
    [
      ['change', 'image', 'none'],
      ['add', 'variable COLOUR', 'none'],
    ],
  );
  assert.ok(!JSON.stringify(plan).includes('blue'), 'variables are shown by name only');
  await assert.rejects(
    lab.client.deploys.start.mutate({ ...input, image: 'minicloud-test/app:3', planHash: plan.hash }),
    /no longer what you saw/,
  );
  const started = await lab.client.deploys.start.mutate({
    ...input,
    planHash: plan.hash,
    idempotencyKey: 'same-key-1',
  });
  const again = await lab.client.deploys.start.mutate({ ...input, planHash: plan.hash, idempotencyKey: 'same-key-1' });
  assert.equal(again.operationId, started.operationId);
  const finished = await lab.finished(started.operationId);
  assert.equal(finished.state, 'succeeded', JSON.stringify(finished.problem));
  assert.equal((await version()).version, '2');
});

test('two deploys of one app queue; of two apps run side by side', async () => {
  const slow = 'env: { TESTAPP_START_MS: "1500" }\n';
  const first = await lab.client.deploys.start.mutate({ manifest: manifest(slow) });
  const second = await lab.client.deploys.start.mutate({ manifest: manifest() });
  const other = await lab.client.deploys.start.mutate({ manifest: manifest().replace('shop', 'other') });
  const [a, b, c] = await Promise.all([first, second, other].map(({ operationId }) => lab.finished(operationId)));
  assert.deepEqual([a?.state, b?.state, c?.state], ['succeeded', 'succeeded', 'succeeded'], JSON.stringify([a, b, c]));
  assert.ok((b?.startedAt ?? 0) >= (a?.finishedAt ?? Infinity), 'the second began when the first had ended');
  assert.ok((c?.startedAt ?? Infinity) < (a?.finishedAt ?? 0), 'the other app did not wait');
});

test('fifty deploys of one app at once: the newest runs, each of the others says which took its place', async () => {
  const text = manifest().replace('shop', 'crowd');
  const slow = `${text}env: { TESTAPP_START_MS: "20000" }\n`;
  const first = await lab.client.deploys.start.mutate({ manifest: slow });
  while ((await lab.client.operations.get.query({ id: first.operationId })).state === 'queued');
  const started = await Promise.all(
    Array.from({ length: 50 }, () => lab.client.deploys.start.mutate({ manifest: text })),
  );
  const newest = Math.max(...started.map(({ release }) => release));
  assert.equal(newest, 51, 'every one of them was taken');
  const ended = await Promise.all(started.map(({ operationId }) => lab.finished(operationId)));
  for (const operation of ended) {
    const release = await lab.client.releases.get.query({ app: 'crowd', version: operation.release ?? 0 });
    if (operation.release === newest) {
      assert.deepEqual([operation.state, release.state], ['succeeded', 'current'], JSON.stringify(operation.problem));
      continue;
    }
    assert.deepEqual([operation.state, release.state], ['cancelled', 'failed']);
    assert.equal(operation.startedAt, undefined, 'it never began');
    const by = Number(/^Release (\d+) was asked for/.exec(operation.problem?.why ?? '')?.[1]);
    assert.ok(by > (operation.release ?? 0) && by <= newest, operation.problem?.why);
    assert.deepEqual(release.problem, operation.problem);
  }
  assert.equal((await lab.finished(first.operationId)).state, 'succeeded', 'what ran already was left alone');
  const { release } = JSON.parse((await lab.get('crowd.localhost')).text) as { release: string };
  assert.equal(release, String(newest));
});

test('rollbacks are neither overtaken nor without bound', async () => {
  // It fails in the end: what serves is then what the rollbacks were asked for beside.
  const text = manifest('release: { command: [testapp, sleep, "60"], timeout: 6s }\n').replace('shop', 'crowd');
  const first = await lab.client.deploys.start.mutate({ manifest: text });
  while ((await lab.client.operations.get.query({ id: first.operationId })).state === 'queued');
  const asked = await Promise.allSettled(
    Array.from({ length: 25 }, () => lab.client.releases.rollback.mutate({ app: 'crowd', version: 1 })),
  );
  const taken = asked.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const refused = asked.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
  assert.deepEqual([taken.length, refused.length], [20, 5]);
  assert.ok(
    refused.every((words) => /Too much is waiting/.test(words)),
    refused.join('\n'),
  );
  for (const { operationId } of taken.slice(1)) await lab.client.operations.cancel.mutate({ id: operationId });
  const states = await Promise.all(
    taken.map(async ({ operationId }) => (await lab.client.operations.get.query({ id: operationId })).state),
  );
  assert.deepEqual(new Set(states.slice(1)), new Set(['cancelled']), 'one that waits ends at once');
  assert.equal((await lab.finished(taken[0]?.operationId ?? '')).state, 'succeeded');
  const open = lab.rows("SELECT version FROM releases WHERE state IN ('pending', 'deploying')");
  assert.deepEqual(open, []);
});

test('several processes, replicas, support containers and a release command', async () => {
  const text = `name: team
image: minicloud-test/app:1
expose:
- port: 8080
processes:
  web: { command: testapp, count: 2 }
  worker: { command: [testapp, sleep, "3600"] }
support:
  helper: { image: "minicloud-test/app:2" }
release: { command: testapp exit 0 migrated }
`;
  const operation = await lab.deploy(text);
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  const hosts = new Set<string>();
  for (let n = 0; n < 12; n += 1)
    hosts.add((JSON.parse((await lab.get('team.localhost')).text) as { hostname: string }).hostname);
  assert.equal(hosts.size, 2, 'both replicas answer');
  const reach = await lab.get('team.localhost', '/connect?host=helper&port=8080&ms=2000');
  assert.match(reach.text, /"connected":\s*true|"ok":\s*true/);
  const detail = await lab.client.apps.get.query({ name: 'team' });
  assert.deepEqual(detail.replicas.map((replica) => replica.process).sort(), ['helper', 'web', 'web', 'worker']);
  assert.equal(detail.state, 'running');
});

test('deleting needs the name twice, takes everything but the data', async () => {
  const operation = await lab.deploy(`${manifest().replace('shop', 'gone')}needs: [storage]\n`);
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  await assert.rejects(lab.client.apps.delete.mutate({ name: 'gone', confirm: 'shop' }), /not deleted/);
  const { operationId } = await lab.client.apps.delete.mutate({ name: 'gone', confirm: 'gone' });
  assert.equal((await lab.finished(operationId)).state, 'succeeded');
  assert.deepEqual((await lab.engine.listContainers({ 'minicloud.app-name': 'gone' })).length, 0);
  assert.equal(
    (await lab.engine.listVolumes()).filter((volume) => volume.labels['minicloud.app-name'] === 'gone').length,
    1,
  );
  assert.equal((await lab.get('gone.localhost', '/', { plain: true })).status, 421);
});
