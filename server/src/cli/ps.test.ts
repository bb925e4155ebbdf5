import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppDetail } from 'minicloud-shared/model/app';
import { processesView } from './commands/ps.ts';
import { lineWidth, render } from './text.ts';

const now = Date.UTC(2026, 0, 2, 12);
const replica = { release: 3, startedAt: now - 3_600_000, restarts: 0, memoryBytes: 50_331_648, cpu: 0.02 };
const shop: AppDetail = {
  ...{ id: 'a', name: 'shop', kind: 'container', environment: 'production', state: 'degraded', urls: [] },
  ...{ createdAt: 0, updatedAt: 0, release: 3, bindings: [], volumes: [], domains: [], routes: [], activity: [] },
  processes: [
    { name: 'web', kind: 'process', count: 2 },
    { name: 'worker', kind: 'process', count: 0 },
    { name: 'search', kind: 'support', image: 'search:1', count: 1 },
  ],
  replicas: [
    {
      ...replica,
      id: 'c1',
      process: 'web',
      replica: 2,
      state: 'exited',
      reason: 'exit code 137, out of memory',
      restarts: 4,
    },
    { ...replica, id: 'c2', process: 'web', replica: 1, state: 'healthy', memoryLimitBytes: 268_435_456 },
    { ...replica, id: 'c3', process: 'web', replica: 1, release: 2, state: 'draining' },
    { id: 'c4', process: 'search', release: 0, state: 'starting' },
    { id: 'c5', process: 'mailer', release: 2, replica: 1, state: 'draining' },
  ],
};
const shown = (app: AppDetail, columns = 120): string[] =>
  processesView(app, now, columns).map((line) => render(line, false).trimEnd());

test('every replica with what it uses and how it is, those of another release named', () => {
  assert.deepEqual(shown(shop), [
    'PROCESS   STATE     STARTED  RESTARTS           MEMORY   CPU',
    'web.1     healthy   1 h ago         0  50 MB of 268 MB  0.02',
    'web.2     exited    1 h ago         4            50 MB  0.02  exit code 137, out of memory',
    'web.1     draining  1 h ago         0            50 MB  0.02  of release 2',
    'worker    count 0',
    'search    starting  –               –                –     –',
    'mailer.1  draining  –               –                –     –  of release 2',
  ]);
});

test('an app without a process says so, and nothing is wider than the terminal', () => {
  const nothing = { ...shop, processes: [], replicas: [] };
  assert.deepEqual(shown(nothing), ['shop has no process.']);
  const { release: _, ...never } = nothing;
  assert.deepEqual(shown(never), ['shop has no release that serves yet.']);
  for (let columns = 50; columns <= 130; columns += 1)
    for (const line of processesView(shop, now, columns)) assert.ok(lineWidth(line) <= columns, render(line, false));
});
