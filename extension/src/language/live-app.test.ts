import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppDetail, AppSummary } from 'minicloud-shared/model/app';
import { emptySnapshot } from '../servers/snapshot.ts';
import { liveApp } from './live-app.ts';

const app: AppSummary = {
  ...{ id: '1', name: 'shop', kind: 'container', environment: 'production', state: 'running', release: 3 },
  ...{ image: 'me/shop:3', urls: [{ url: 'http://shop.test', process: 'web', port: 80 }], createdAt: 1, updatedAt: 2 },
};
const detail: AppDetail = {
  ...app,
  ...{ digest: 'sha256:1f', replicas: [], bindings: [], volumes: [], domains: [], processes: [], activity: [] },
  routes: [
    {
      ...{ host: 'shop.test', path: '/', process: 'web', port: 80 },
      certificate: { kind: 'local', issuer: 'Minicloud', notAfter: 9 },
    },
    { host: 'plain.test', path: '/', process: 'web', port: 80, certificate: { kind: 'none' } },
  ],
};

test('what a server told of an app, and nothing of one that is not there', () => {
  const known = { server: 'home', state: 'running', urls: ['http://shop.test'], release: 3, image: 'me/shop:3' };
  assert.deepEqual(liveApp('home', { ...emptySnapshot, apps: [app] }, 'shop'), known);
  assert.equal(liveApp('home', { ...emptySnapshot, apps: [app] }, 'other'), undefined);
  assert.equal(liveApp('home', emptySnapshot, 'shop'), undefined);
});

test('digest and certificates once somebody asked for them; a name without a certificate has none', () => {
  const live = liveApp('home', { ...emptySnapshot, apps: [app], details: new Map([['shop', detail]]) }, 'shop');
  assert.equal(live?.digest, 'sha256:1f');
  assert.deepEqual(live?.certificates, [{ domain: 'shop.test', state: 'local', issuer: 'Minicloud', notAfter: 9 }]);
});

test('how many replicas are well, and what they use in few words; nothing before the first release', () => {
  const replica = { process: 'web', release: 3, state: 'healthy' as const };
  const running: AppDetail = {
    ...detail,
    processes: [
      { name: 'web', kind: 'process', count: 2 },
      { name: 'search', kind: 'support', count: 1 },
    ],
    replicas: [
      { ...replica, id: 'a', memoryBytes: 60_000_000, cpu: 0.02 },
      { ...replica, id: 'b', memoryBytes: 70_400_000, cpu: 0.014, state: 'unhealthy' },
    ],
  };
  const live = (known: AppDetail) =>
    liveApp('home', { ...emptySnapshot, apps: [known], details: new Map([['shop', known]]) }, 'shop');
  assert.deepEqual(live(running)?.processes, [
    {
      ...{ name: 'web', kind: 'process', count: 2, healthy: 1 },
      memory: { replicas: 2, all: '130 MB', most: '70 MB' },
      cpu: { replicas: 2, all: '3 %', most: '2 %' },
    },
    { name: 'search', kind: 'support', count: 1, healthy: 0 },
  ]);
  const { release, ...before } = running;
  assert.equal(release, 3);
  assert.equal(live(before)?.processes, undefined);
});
