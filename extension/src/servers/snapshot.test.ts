import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppDetail, AppSummary } from 'minicloud-shared/model/app';
import type { Event, EventBody } from 'minicloud-shared/model/event';
import type { Operation } from 'minicloud-shared/model/operation';
import type { Release } from 'minicloud-shared/model/release';
import { applyEvent, appOf, emptySnapshot, failingApps, type Snapshot } from './snapshot.ts';

const app = (name: string, state: AppSummary['state'] = 'running'): AppSummary => ({
  id: name,
  name,
  kind: 'container',
  environment: 'production',
  state,
  urls: [],
  createdAt: 0,
  updatedAt: 0,
});
const detail: AppDetail = {
  ...app('shop'),
  ...{ replicas: [], bindings: [], volumes: [], domains: [], processes: [], routes: [], activity: [] },
};
const release = (version: number, state: Release['state'] = 'current'): Release => ({
  app: 'shop',
  version,
  state,
  image: 'shop',
  digest: 'sha256:1',
  reason: 'deploy',
  by: 'me',
  createdAt: 0,
});
const operation = (state: Operation['state']): Operation => ({
  id: 'op1',
  kind: 'deploy',
  app: 'shop',
  state,
  by: 'me',
  steps: [],
  createdAt: 0,
});
const event = (body: EventBody): Event => ({ id: 1, at: 42, by: 'me', body });

test('a deleted app goes with everything known about it', () => {
  const before: Snapshot = {
    apps: [app('blog'), app('shop')],
    releases: new Map([['shop', [release(1)]]]),
    details: new Map([['shop', detail]]),
    proposals: [],
    operations: new Map([['shop', operation('running')]]),
  };
  const { snapshot, stale } = applyEvent(before, event({ kind: 'app.deleted', name: 'shop' }));
  assert.deepEqual(
    snapshot.apps?.map(({ name }) => name),
    ['blog'],
  );
  assert.equal(snapshot.releases.has('shop'), false);
  assert.equal(snapshot.operations.has('shop'), false);
  assert.equal(snapshot.details.has('shop'), false);
  assert.equal(stale, false);
  assert.equal(before.releases.has('shop'), true, 'the old snapshot stays as it was');
});

test('a changed release replaces its old self and stands newest first', () => {
  const before = { ...emptySnapshot, releases: new Map([['shop', [release(2, 'deploying'), release(1)]]]) };
  const second = applyEvent(before, event({ kind: 'release.changed', release: release(2) })).snapshot;
  assert.deepEqual(
    second.releases.get('shop')?.map(({ version, state }) => [version, state]),
    [
      [2, 'current'],
      [1, 'current'],
    ],
  );
  const third = applyEvent(second, event({ kind: 'release.changed', release: release(3, 'pending') })).snapshot;
  assert.deepEqual(
    third.releases.get('shop')?.map(({ version }) => version),
    [3, 2, 1],
  );
});

test('releases nobody looked into are not begun by an event, which would hide the older ones', () => {
  const { snapshot } = applyEvent(emptySnapshot, event({ kind: 'release.changed', release: release(7) }));
  assert.equal(snapshot.releases.has('shop'), false);
});

test('the apps are asked for when an operation begins or ends, not at each of its steps', () => {
  const begun = applyEvent(emptySnapshot, event({ kind: 'operation.changed', operation: operation('running') }));
  assert.equal(begun.stale, true);
  const stepped = applyEvent(begun.snapshot, event({ kind: 'operation.changed', operation: operation('running') }));
  assert.equal(stepped.stale, false);
  const ended = applyEvent(stepped.snapshot, event({ kind: 'operation.changed', operation: operation('succeeded') }));
  assert.equal(ended.stale, true);
  assert.equal(ended.snapshot.operations.get('shop')?.state, 'succeeded');
});

test('of a change of config only its names are told: the app is asked for again', () => {
  const changed: Event = {
    ...{ id: 1, at: 1, by: 'me', app: 'shop' },
    body: { kind: 'config.changed', version: 2, set: ['A'], unset: [] },
  };
  const { snapshot, stale } = applyEvent(emptySnapshot, changed);
  assert.equal(stale, true);
  assert.equal(snapshot.configs?.get('shop'), 2);
  assert.equal(appOf(changed), 'shop');
});

test('failed and degraded apps are failing, stopped and deploying ones are not', () => {
  const apps = [app('a'), app('b', 'failed'), app('c', 'degraded'), app('d', 'stopped'), app('e', 'deploying')];
  assert.deepEqual(
    failingApps({ ...emptySnapshot, apps }).map(({ name }) => name),
    ['b', 'c'],
  );
});

test('an event of a newer server changes nothing and breaks nothing', () => {
  const newer = event({ kind: 'moon.risen' } as unknown as EventBody);
  assert.equal(applyEvent(emptySnapshot, newer).stale, false);
});

test('the app that an event is about is found wherever it stands', () => {
  const about = (body: EventBody, named?: string) => appOf({ ...event(body), ...(named ? { app: named } : {}) });
  assert.equal(about({ kind: 'server.changed', what: 'x' }), undefined);
  assert.equal(about({ kind: 'replica.changed', process: 'web', state: 'running' }, 'shop'), 'shop');
  assert.equal(about({ kind: 'app.changed', name: 'shop' }), 'shop');
  assert.equal(about({ kind: 'release.changed', release: release(1) }), 'shop');
  assert.equal(about({ kind: 'operation.changed', operation: operation('running') }), 'shop');
});
