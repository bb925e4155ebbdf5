/** A companion that was killed after the commit point of deploys: the next one listens at once, and each goes on by itself. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { eventually, type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';

const manifest = (app: string) => `name: ${app}\nimage: plain:1\nexpose: [{ port: 80 }]\n`;

/**
 * Apps whose second release was switched to when the companion was killed, and the companion after it on the same
 * machine. `before` happens before it is killed, `meanwhile` between the two.
 */
async function killedAfterSwitch(
  t: TestContext,
  apps: string[],
  meanwhile: (killed: MemoryCompanion) => Promise<void>,
  before: (killed: MemoryCompanion) => Promise<unknown> = async () => {},
): Promise<{ next: MemoryCompanion; started: Map<string, string>; startMs: number }> {
  const killed = await startMemoryCompanion();
  for (const app of apps) assert.equal((await killed.deploy(manifest(app))).state, 'succeeded');
  const { proxy } = killed.cloud;
  // Nobody answers any more, so that the deploys stay between their switch and their end.
  const silence = Promise.withResolvers<never>();
  silence.promise.catch(() => {});
  // The dead one is alive in this process; what it does to the machine at the end concerns nobody.
  t.after(async () => {
    const stopped = killed.stop();
    silence.reject(new Error('it is over'));
    await stopped;
  });
  proxy.probe = () => silence.promise;
  const started = new Map<string, string>();
  for (const app of apps) {
    const { operationId } = await killed.client.deploys.start.mutate({ manifest: manifest(app) });
    started.set(app, operationId);
    await eventually(`the switch of ${app}`, async () => {
      const { steps } = await killed.client.operations.get.query({ id: operationId });
      return steps.some(({ id, state }) => id === 'probe' && state === 'running');
    });
  }
  await before(killed);
  const home = await killed.homeIfKilled();
  await meanwhile(killed);
  const { world } = killed.engine;
  const begun = performance.now();
  const next = await startMemoryCompanion({ home, world });
  t.after(async () => {
    await next.stop();
    await rm(home, { recursive: true });
  });
  return { next, started, startMs: performance.now() - begun };
}

const containersOf = async (on: MemoryCompanion, app: string) =>
  (await on.engine.listContainers({ 'minicloud.app-name': app })).map(({ labels }) => labels['minicloud.release']);

test('healthy ones are carried forward, side by side, with a receipt of all that is known', async (t) => {
  const apps = ['one', 'two', 'three', 'four', 'five'];
  const { next, started } = await killedAfterSwitch(t, apps, async () => {});
  for (const app of apps) {
    const operation = await next.cloud.operations.finished(started.get(app) ?? '');
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
    const release = await next.client.releases.get.query({ app, version: 2 });
    assert.equal(release.state, 'current');
    assert.deepEqual(
      release.receipt?.steps.map(({ name }) => name),
      ['start web', 'await-healthy', 'switch-routes', 'probe', 'finish', 'drain', 'stop-old'],
    );
    assert.ok((release.receipt?.probes.sent ?? 0) > 0);
    assert.match(release.receipt?.digest ?? '', /^sha256:/);
    assert.deepEqual(await containersOf(next, app), ['2']);
  }
});

test('one whose health is awaited keeps neither the API nor another app; cancelled, it goes back', async (t) => {
  const { next, started, startMs } = await killedAfterSwitch(t, ['sick', 'well'], async ({ engine }) => {
    // Its health check has 35 seconds and more.
    const [, second] = await engine.listContainers({ 'minicloud.app-name': 'sick' });
    const container = engine.world.containers.get(second?.id ?? '');
    if (container) engine.world.addresses.delete([...container.endpoints.values()][0]?.address ?? '');
  });
  assert.ok(startMs < 10_000, `the start took ${startMs} ms`);
  const [sick = '', well = ''] = [started.get('sick'), started.get('well')];
  assert.equal((await next.cloud.operations.finished(well)).state, 'succeeded');
  assert.equal((await next.client.operations.get.query({ id: sick })).state, 'running');
  assert.equal((await next.client.operations.cancel.mutate({ id: sick })).cancelling, true);
  assert.equal((await next.cloud.operations.finished(sick)).state, 'cancelled');
  const releases = await next.client.releases.list.query({ app: 'sick' });
  assert.deepEqual(
    releases.map(({ version, state }) => `${version} ${state}`),
    ['2 failed', '1 current'],
  );
  assert.match(releases[0]?.problem?.still ?? '', /Release 1 still serves/);
  assert.ok(releases[0]?.receipt?.steps.some(({ name }) => name === 'switch-routes'));
  assert.deepEqual(await containersOf(next, 'sick'), ['1']);
});

test('one whose container is gone goes back at once, also when the one before it was made superseded already', async (t) => {
  const { next, started } = await killedAfterSwitch(
    t,
    ['torn'],
    async ({ engine }) => {
      const [, second] = await engine.listContainers({ 'minicloud.app-name': 'torn' });
      await engine.removeContainer(second?.id ?? '');
    },
    // As an earlier version left it, which wrote this before and apart from the other release's state.
    ({ cloud }) => cloud.db.updateTable('releases').set({ state: 'superseded' }).where('version', '=', 1).execute(),
  );
  const ended = await next.cloud.operations.finished(started.get('torn') ?? '');
  assert.equal(ended.state, 'failed');
  assert.equal(ended.problem?.what, 'A replica of the release is gone');
  const releases = await next.client.releases.list.query({ app: 'torn' });
  assert.deepEqual(
    releases.map(({ version, state }) => `${version} ${state}`),
    ['2 failed', '1 current'],
  );
  assert.deepEqual(await containersOf(next, 'torn'), ['1']);
});

/** The operations as if their ends had never been written. */
const endLost = (on: MemoryCompanion, ids: string[]) =>
  on.cloud.db.updateTable('operations').set({ state: 'running', finished_at: null }).where('id', 'in', ids).execute();

test('what was interrupted goes on with its own app, never with another that has the name by now', async (t) => {
  const killed = await startMemoryCompanion();
  t.after(() => killed.stop());
  const done = async ({ operationId }: { operationId: string }) =>
    assert.equal((await killed.cloud.operations.finished(operationId)).state, 'succeeded');
  const deploy = () => killed.client.deploys.start.mutate({ manifest: manifest('anew') });
  const remove = (name: string) => killed.client.apps.delete.mutate({ name, confirm: name });
  const repair = await killed.cloud.operations.start({
    kind: 'converge',
    app: 'anew',
    appId: 'gone',
    by: 'system',
    run: async () => {},
  });
  const first = await deploy();
  await done(first);
  const deletion = await remove('anew');
  await done(deletion);
  await done(await deploy());
  // One that came back from the trash has its id again.
  assert.equal((await killed.deploy(manifest('back'))).state, 'succeeded');
  const undone = await remove('back');
  await done(undone);
  await killed.client.apps.restore.mutate({ name: 'back' });
  const lost = [repair.id, first.operationId, deletion.operationId, undone.operationId];
  await endLost(killed, lost);
  const home = await killed.homeIfKilled();
  const next = await startMemoryCompanion({ home, world: killed.engine.world });
  t.after(async () => {
    await next.stop();
    await rm(home, { recursive: true });
  });
  const states = await Promise.all(lost.map(async (id) => (await next.cloud.operations.finished(id)).state));
  assert.deepEqual(states, ['failed', 'failed', 'succeeded', 'succeeded']);
  assert.deepEqual(
    (await next.client.apps.list.query()).map(({ name, state }) => `${name} ${state}`),
    ['anew running', 'back created'],
  );
  assert.equal((await next.client.apps.deleted.query()).length, 1, 'the first of the two');
  assert.deepEqual(await containersOf(next, 'anew'), ['1']);
});

test('one that is cancelled before it is taken up goes back all the same', async (t) => {
  const others = ['by-1', 'by-2', 'by-3', 'by-4'];
  const turn = Promise.withResolvers<void>();
  const held = new Set<string>();
  const { next, started } = await killedAfterSwitch(
    t,
    ['back'],
    async () => {},
    async ({ client, cloud, deploy, engine }) => {
      // Without an address: those that have one are asked through the proxy, which is silent.
      for (const app of others) assert.equal((await deploy(`name: ${app}\nimage: plain:1\n`)).state, 'succeeded');
      engine.world.intercept = async (call, container) => {
        if (call !== 'stopContainer') return;
        held.add(container);
        await turn.promise;
      };
      for (const app of others) await client.apps.delete.mutate({ name: app, confirm: app });
      await eventually('work in every lane', () => held.size === others.length);
      held.clear();
      // They are taken up first, and have every lane.
      await cloud.db.updateTable('operations').set({ created_at: 1 }).where('kind', '=', 'delete').execute();
    },
  );
  await eventually('work in every lane again', () => held.size === others.length);
  const id = started.get('back') ?? '';
  assert.equal((await next.client.operations.cancel.mutate({ id })).cancelling, true);
  delete next.engine.world.intercept;
  turn.resolve();
  assert.equal((await next.cloud.operations.finished(id)).state, 'cancelled');
  const releases = await next.client.releases.list.query({ app: 'back' });
  assert.deepEqual(
    releases.map(({ version, state }) => `${version} ${state}`),
    ['2 failed', '1 current'],
  );
  assert.deepEqual(await containersOf(next, 'back'), ['1']);
});
