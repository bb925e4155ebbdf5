import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ProblemError } from 'minicloud-shared/model/problem';
import { operationParts as parts } from '../../../test/harness/operations.ts';
import { lockInstance } from './db.ts';
import { createLog, createRedactor } from './log.ts';
import { createOperations } from './operations.ts';

test('steps are on disk before they start and after they end', async () => {
  const { operations } = await parts();
  const seen: string[] = [];
  const started = await operations.start({
    kind: 'deploy',
    app: 'shop',
    appId: 'a1',
    by: 'me',
    steps: [{ id: 'one', title: 'One' }],
    run: async (run) => {
      await run.step({ id: 'one', title: 'One' }, async () => {
        seen.push((await operations.get(run.id))?.steps[0]?.state ?? '');
      });
      seen.push((await operations.get(run.id))?.steps[0]?.state ?? '');
    },
  });
  assert.equal(started.state, 'running', 'nothing of the app is before it');
  assert.equal((await operations.finished(started.id)).state, 'succeeded');
  assert.deepEqual(seen, ['running', 'done']);
});

test('a failure is told with its problem; the failed step is marked', async () => {
  const { operations } = await parts();
  const started = await operations.start({
    kind: 'deploy',
    app: 'shop',
    appId: 'a1',
    by: 'me',
    run: (run) =>
      run.step({ id: 'pull', title: 'Pull' }, async () => {
        throw new ProblemError({
          code: 'image_not_found',
          what: 'no image',
          object: 'image x',
          why: 'gone',
          remedy: 'push it',
        });
      }),
  });
  const ended = await operations.finished(started.id);
  assert.equal(ended.state, 'failed');
  assert.equal(ended.problem?.code, 'image_not_found');
  assert.equal(ended.steps[0]?.state, 'failed');
});

test('the same idempotency key is the same operation, however often it is sent at once', async () => {
  const { operations } = await parts();
  let runs = 0;
  const start = () =>
    operations.start({
      kind: 'deploy',
      app: 'shop',
      appId: 'a1',
      by: 'me',
      request: { token: 't1', key: 'k-12345678' },
      run: async () => {
        runs += 1;
      },
    });
  const all = await Promise.all([start(), start(), start()]);
  await Promise.all(all.map((operation) => operations.finished(operation.id)));
  assert.equal(new Set(all.map((operation) => operation.id)).size, 1);
  assert.equal(runs, 1);
});

test('cancel ends a running operation as cancelled and a queued one before it starts', async () => {
  const { operations } = await parts();
  let secondRan = false;
  const first = await operations.start({
    kind: 'deploy',
    app: 'shop',
    appId: 'a1',
    by: 'me',
    run: (run) => new Promise((_, reject) => run.signal.addEventListener('abort', () => reject(run.signal.reason))),
  });
  const second = await operations.start({
    kind: 'deploy',
    app: 'shop',
    appId: 'a1',
    by: 'me',
    run: async () => {
      secondRan = true;
    },
  });
  await operations.cancel(second.id);
  await operations.cancel(first.id);
  assert.equal((await operations.finished(first.id)).state, 'cancelled');
  assert.equal((await operations.finished(second.id)).state, 'cancelled');
  assert.equal(secondRan, false);
});

test('what a dead companion left open is found, and closed once', async () => {
  const { db, events, operations } = await parts();
  await db
    .insertInto('operations')
    .values({
      id: 'dead',
      kind: 'deploy',
      app: 'shop',
      app_id: null,
      release: 1,
      state: 'running',
      by: 'me',
      steps_json: '[]',
      problem_json: null,
      idempotency_key: null,
      token: null,
      created_at: 1,
      started_at: 1,
      finished_at: null,
    })
    .execute();
  assert.deepEqual(
    (await operations.interrupted()).map((operation) => operation.id),
    ['dead'],
  );
  await operations.close('dead', 'failed', {
    code: 'interrupted',
    what: 'w',
    object: 'o',
    why: 'y',
    still: '',
    remedy: 'r',
    evidence: [],
  });
  assert.deepEqual(await operations.interrupted(), []);
  assert.equal((await events.after(0, 10)).at(-1)?.body.kind, 'operation.changed');
});

test('events follow without gap or repetition from a given id, and the chain shows a changed entry', async () => {
  const { db, events } = await parts();
  const append = (name: string) => events.append({ by: 'me', app: name, body: { kind: 'app.changed', name } });
  await append('a');
  await append('b');
  const stop = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const event of events.follow({ lastId: 1, signal: stop.signal })) {
      seen.push(event.app ?? '');
      if (seen.length === 3) stop.abort();
    }
  })();
  await Promise.all([append('c'), append('d')]);
  await following;
  assert.deepEqual(seen, ['b', 'c', 'd']);
  assert.equal(await events.verify(), undefined);
  await assert.rejects(db.updateTable('events').set({ by: 'forger' }).where('id', '=', 2).execute(), /append-only/);
});

test('a second companion on one home is refused, and admitted when the first is gone', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'minicloud-lock-')), 'lock.db');
  const first = lockInstance(path);
  assert.throws(() => lockInstance(path), /Another companion/);
  first.release();
  lockInstance(path).release();
});

/** An operation that runs until it is let go, and others that wait behind it. */
async function held(operations: Awaited<ReturnType<typeof parts>>['operations']) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = await operations.start({ kind: 'rollback', app: 'shop', appId: 'a1', by: 'me', run: () => promise });
  while ((await operations.get(first.id))?.state !== 'running');
  return { first, letGo: resolve };
}

const overtaken = {
  code: 'cancelled' as const,
  what: 'A newer one took its place',
  object: 'app shop',
  why: 'y',
  still: '',
  remedy: 'r',
  evidence: [],
};

test('one that waits is overtaken and ends at once with its reason; what runs, and other kinds, are left alone', async () => {
  const { operations } = await parts();
  const { first, letGo } = await held(operations);
  const ran: string[] = [];
  const settled: string[] = [];
  const deploy = (release: number) =>
    operations.start({
      kind: 'deploy',
      app: 'shop',
      appId: 'a1',
      release,
      by: 'me',
      overtakes: (waiting) => (waiting.kind === 'deploy' ? { ...overtaken, why: `release ${release}` } : undefined),
      neverRan: async (problem) => void settled.push(`${release}: ${problem.why}`),
      run: async () => void ran.push(`deploy ${release}`),
    });
  const rollback = {
    kind: 'rollback',
    app: 'shop',
    appId: 'a1',
    by: 'me',
    run: async () => void ran.push('rollback'),
  } as const;
  const waiting = [await deploy(1), await operations.start(rollback), await deploy(2), await deploy(3)];
  const [one, two] = await Promise.all([waiting[0], waiting[2]].map((each) => operations.finished(each?.id ?? '')));
  assert.deepEqual([one?.state, one?.problem?.why], ['cancelled', 'release 2']);
  assert.deepEqual([two?.state, two?.problem?.why], ['cancelled', 'release 3']);
  assert.equal((await operations.get(first.id))?.state, 'running', 'nobody waited for its turn');
  letGo();
  await operations.finished(waiting[3]?.id ?? '');
  assert.deepEqual(ran, ['rollback', 'deploy 3']);
  assert.deepEqual(settled, ['1: release 2', '2: release 3']);
});

test('one that is cancelled while it waits ends at once, and what it was for is settled', async () => {
  const { operations } = await parts();
  const { first, letGo } = await held(operations);
  const settled: string[] = [];
  const waiting = await operations.start({
    kind: 'deploy',
    app: 'shop',
    appId: 'a1',
    by: 'me',
    neverRan: async (problem) => void settled.push(problem.code),
    run: async () => assert.fail('it was cancelled'),
  });
  await operations.cancel(waiting.id);
  const ended = await operations.get(waiting.id);
  assert.deepEqual([ended?.state, ended?.problem?.code], ['cancelled', 'cancelled']);
  assert.deepEqual(settled, ['cancelled']);
  letGo();
  assert.equal((await operations.finished(first.id)).state, 'succeeded');
});

/** As many apps as are wanted, each with an operation that runs until it is let go. */
async function manyHeld(operations: Awaited<ReturnType<typeof parts>>['operations'], count: number, waits: boolean) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const at = { work: 0, most: 0 };
  const all = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      operations.start({
        kind: 'deploy',
        app: `app-${index}`,
        appId: `a${index}`,
        by: 'me',
        run: async (run) => {
          at.work += 1;
          at.most = Math.max(at.most, at.work);
          await (waits ? run.waiting(() => promise) : promise);
          at.work -= 1;
        },
      }),
    ),
  );
  return { all, letGo: resolve, at };
}

test('however many apps wait for something, the next one runs at once, and is told as running', async () => {
  const { operations } = await parts();
  const { all, letGo } = await manyHeld(operations, 9, true);
  const next = await operations.start({
    kind: 'converge',
    app: 'shop',
    appId: 'a1',
    by: 'system',
    run: async () => {},
  });
  assert.equal(next.state, 'running');
  assert.equal((await operations.finished(next.id)).state, 'succeeded');
  for (const { id } of all) assert.equal((await operations.get(id))?.state, 'running');
  letGo();
  for (const { id } of all) assert.equal((await operations.finished(id)).state, 'succeeded');
});

test('of those that work four go at a time; one that is cancelled before it could begin is settled', async () => {
  const { operations } = await parts();
  const { all, letGo, at } = await manyHeld(operations, 6, false);
  const settled: string[] = [];
  const last = await operations.start({
    kind: 'deploy',
    app: 'shop',
    appId: 'a1',
    by: 'me',
    neverRan: async (problem) => void settled.push(problem.code),
    run: async () => assert.fail('it was cancelled'),
  });
  while ((await operations.get(all[3]?.id ?? ''))?.state !== 'running');
  assert.equal(await operations.cancel(last.id), true);
  assert.equal((await operations.finished(last.id)).state, 'cancelled');
  assert.deepEqual(settled, ['cancelled']);
  letGo();
  for (const { id } of all) assert.equal((await operations.finished(id)).state, 'succeeded');
  assert.equal(at.most, 4);
});

test('past its point of no return nobody cancels it', async () => {
  const { operations } = await parts();
  const { promise, resolve } = Promise.withResolvers<void>();
  const passed = Promise.withResolvers<void>();
  const started = await operations.start({
    kind: 'delete',
    app: 'shop',
    appId: 'a1',
    by: 'me',
    run: async (run) => {
      run.passPointOfNoReturn();
      passed.resolve();
      await promise;
      assert.equal(run.signal.aborted, false);
    },
  });
  await passed.promise;
  assert.equal(await operations.cancel(started.id), false);
  resolve();
  assert.equal((await operations.finished(started.id)).state, 'succeeded');
});

test('one that resumes is left open by a stop and goes on under its id; what somebody cancelled is not', async () => {
  const { db, events, operations } = await parts();
  const held = async (app: string, resumes: boolean) => {
    const begun = Promise.withResolvers<void>();
    const { id } = await operations.start({
      kind: 'delete',
      app,
      appId: app,
      by: 'me',
      resumes,
      run: async (run) => {
        await run.step({ id: 'one', title: 'One' }, async () => {});
        await run.step({ id: 'two', title: 'Two' }, async () => {
          begun.resolve();
          await new Promise((_, reject) => run.signal.addEventListener('abort', () => reject(run.signal.reason)));
        });
      },
    });
    await begun.promise;
    return id;
  };
  const [left, ended, given] = [await held('left', true), await held('ended', false), await held('given', true)];
  await operations.cancel(given);
  await operations.shutdown();
  assert.equal((await operations.get(ended))?.state, 'cancelled');
  assert.equal((await operations.get(given))?.state, 'cancelled');

  const clock = { now: () => Date.now() };
  const log = createLog(createRedactor(), () => {}, clock.now);
  const next = createOperations({ db, events, clock, log });
  const [open, ...more] = await next.interrupted();
  assert.deepEqual([open?.id, open?.appId, more.length], [left, 'left', 0]);
  if (!open) return;
  next.resume(open, {
    run: async (run) => {
      assert.equal(next.busy('left'), true);
      assert.deepEqual(await next.interrupted(), []);
      await run.step({ id: 'two', title: 'Two' }, async () => {});
    },
  });
  const over = await next.finished(left);
  assert.deepEqual(
    [over.state, ...over.steps.map(({ id, state }) => `${id} ${state}`)],
    ['succeeded', 'one done', 'two done'],
  );
});

test('only so many wait for one app; another app has room', async () => {
  const { operations } = await parts();
  const { letGo } = await held(operations);
  const rollback = (app: string) =>
    operations.start({ kind: 'rollback', app, appId: app, by: 'me', run: async () => {} });
  const taken = await Promise.allSettled(Array.from({ length: 30 }, () => rollback('shop')));
  const refused = taken.flatMap((result) => (result.status === 'rejected' ? [result.reason as ProblemError] : []));
  assert.equal(taken.length - refused.length, 20);
  assert.ok(refused.every((error) => error.problem.code === 'busy'));
  const other = await rollback('blog');
  assert.equal((await operations.finished(other.id)).state, 'succeeded');
  letGo();
  for (const result of taken) if (result.status === 'fulfilled') await operations.finished(result.value.id);
});
