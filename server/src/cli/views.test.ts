/**
 * What people see, word for word. With `--test-update-snapshots` the expectations are written anew; the difference is
 * then to be read like code.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppDetail } from 'minicloud-shared/model/app';
import type { Operation } from 'minicloud-shared/model/operation';
import type { Plan } from 'minicloud-shared/model/plan';
import type { Problem } from 'minicloud-shared/model/problem';
import type { Release } from 'minicloud-shared/model/release';
import { appsView } from './commands/apps.ts';
import { appView } from './commands/apps-info.ts';
import { operationsView } from './commands/operations.ts';
import { releasesView } from './commands/releases.ts';
import { statusView } from './commands/status.ts';
import { tokensView } from './commands/tokens.ts';
import { planView } from './plan-view.ts';
import { problemView } from './problem-view.ts';
import { changedLines, frame } from './progress.ts';
import { receiptView } from './receipt.ts';
import { type Line, lineWidth, render } from './text.ts';
import { annotations } from './validating.ts';

const now = Date.UTC(2026, 0, 2, 12);
const widths = [44, 80, 120];

/** The view at several widths, in one text. No line may be wider than it was told. */
function drawn(view: (columns: number) => Line[]): string {
  return widths
    .map((columns) => {
      const lines = view(columns);
      return [`--- ${columns} columns`, ...lines.map((line) => render(line, false))].join('\n');
    })
    .join('\n');
}

function within(view: (columns: number) => Line[], narrowest = 40): void {
  for (let columns = narrowest; columns <= 130; columns += 1) {
    for (const line of view(columns)) assert.ok(lineWidth(line) <= columns, `${columns}: ${render(line, false)}`);
  }
}

const serializers = [(value: unknown) => String(value)];
const digest = `sha256:${'3f2a9c1b0d4e'.padEnd(64, '0')}`;

const plan: Plan = {
  app: 'shop',
  creates: false,
  fromRelease: 12,
  toRelease: 13,
  image: 'docker.io/me/shop:2',
  digest,
  changes: [
    {
      action: 'change',
      object: 'image',
      before: 'docker.io/me/shop:1 (aaaaaaaaaaaa)',
      after: 'docker.io/me/shop:2 (3f2a9c1b0d4e)',
      consequence: 'none',
    },
    { action: 'add', object: 'variable NODE_ENV', consequence: 'none' },
    { action: 'add', object: 'support search', after: 'docker.io/getmeili/meilisearch:v1.12', consequence: 'restart' },
    { action: 'remove', object: 'domain old.shop.example.com', before: 'served', consequence: 'downtime' },
    { action: 'keep', object: 'need database', consequence: 'none' },
  ],
  steps: [
    { id: 'start web', kind: 'start', title: 'Start 2 replicas of web', object: 'web', consequence: 'none' },
    {
      id: 'await-healthy',
      kind: 'await-healthy',
      title: 'Wait until they are healthy',
      object: '2 replicas',
      consequence: 'none',
    },
    {
      id: 'switch-routes',
      kind: 'switch-routes',
      title: 'Send traffic to release 13',
      object: 'release 13',
      consequence: 'downtime',
      downtimeSeconds: 3,
    },
  ],
  consequence: 'downtime',
  notes: ['cache CACHE_URL is no longer asked for. Its data is kept; nothing deletes it but you.'],
  urls: ['https://shop.example.com/'],
  hash: 'h'.repeat(64),
};

const problem: Problem = {
  code: 'health_failed',
  what: 'The new release does not answer its health check',
  object: 'web.1 of shop',
  why: 'GET /healthz on port 80 answered 500 five times within 30 s; the last answer came after 12 ms.',
  still: 'Release 12 still serves.',
  remedy: 'Read its last log lines below, mend the image or its variables, and deploy again.',
  evidence: ['Error: connect ECONNREFUSED', '    at \u001b[31mTCPConnectWrap\u001b[0m.afterConnect \u202Egnp'],
};

const operation: Operation = {
  id: 'abcdefghij',
  kind: 'deploy',
  app: 'shop',
  release: 13,
  state: 'running',
  by: 'me',
  createdAt: now - 5_000,
  startedAt: now - 4_000,
  steps: [
    { id: 'network', title: 'Make the network of shop', state: 'done', startedAt: now - 4_000, ms: 800 },
    {
      id: 'start web',
      title: 'Start 2 replicas of web',
      state: 'running',
      startedAt: now - 3_200,
      detail: 'pulled 12 of 40 MB',
      progress: 0.3,
    },
  ],
};
const view = { operation, planned: plan.steps, notice: undefined, ahead: 0 };

test('a plan of a rollback says which release comes back, and what is lost by it', () => {
  const lost: Plan['changes'][number] = {
    action: 'remove',
    object: 'data at /var/lib/search of search',
    before: 'in the container',
    after: 'gone with it',
    consequence: 'data',
  };
  const back: Plan = { ...plan, rollbackTo: 11, changes: [...plan.changes, lost], consequence: 'data' };
  within((columns) => planView(back, columns), 40);
  const text = planView(back, 80)
    .map((line) => render(line, false))
    .join('\n');
  assert.match(text, /^Plan for shop: release 12 → 13\n {2}once more what release 11 was\n/);
  assert.match(text, /- +data at \/var\/lib\/search.*data at risk/);
  assert.match(text, /interruption +data at risk: read the changes above/);
});

test('a plan', (t) => {
  t.assert.snapshot(
    drawn((columns) => planView(plan, columns)),
    { serializers },
  );
  within((columns) => planView(plan, columns));
});

test('a plan of a first release, and one that changes nothing', (t) => {
  const { fromRelease: _, ...rest } = plan;
  const first: Plan = {
    ...rest,
    creates: true,
    toRelease: 1,
    consequence: 'none',
    changes: [],
    notes: [],
    urls: [],
    steps: plan.steps.slice(0, 2),
  };
  t.assert.snapshot(
    drawn((columns) => planView(first, columns)),
    { serializers },
  );
});

test('a problem', (t) => {
  t.assert.snapshot(
    drawn((columns) => problemView(problem, columns)),
    { serializers },
  );
});

test('progress: running, and what is to come', (t) => {
  t.assert.snapshot(
    drawn((columns) => frame(view, now, { columns, rows: 24, unicode: true })),
    { serializers },
  );
  within((columns) => frame(view, now, { columns, rows: 24, unicode: true }), 20);
});

test('progress: ended, cancelled, lost, queued, and without Unicode', (t) => {
  const size = { columns: 80, rows: 24, unicode: true };
  const ended: Operation = {
    ...operation,
    state: 'failed',
    finishedAt: now,
    problem,
    steps: operation.steps.map((step): Operation['steps'][number] =>
      step.state === 'running' ? { ...step, state: 'failed', ms: 2_000 } : step,
    ),
  };
  const frames = [
    frame({ ...view, operation: ended }, now + 60_000, size),
    frame(
      { ...view, notice: 'Connection lost; the operation goes on. Trying again … (Nothing listens at this address.)' },
      now,
      size,
    ),
    frame({ ...view, planned: [], operation: { ...operation, state: 'queued', steps: [] } }, now, size),
    frame({ ...view, ahead: -60_000 }, now - 60_000, { ...size, unicode: false }),
  ];
  t.assert.snapshot(frames.map((lines) => lines.map((line) => render(line, false)).join('\n')).join('\n---\n'), {
    serializers,
  });
});

test('progress never has more lines than the terminal has rows, and keeps the running step in sight', () => {
  const steps = Array.from({ length: 30 }, (_, index): Operation['steps'][number] => ({
    id: `step ${index}`,
    title: `Step ${index}`,
    state: index < 20 ? 'done' : index === 20 ? 'running' : 'waiting',
    ms: 5,
  }));
  for (const rows of [5, 10, 24, 31, 32, 33, 100]) {
    const lines = frame({ ...view, operation: { ...operation, steps }, notice: 'Cancelling' }, now, {
      columns: 60,
      rows,
      unicode: true,
    }).map((line) => render(line, false));
    assert.ok(lines.length <= rows - 1, `${lines.length} lines on ${rows} rows`);
    assert.ok(
      lines.some((line) => line.includes('Step 20')),
      `${rows} rows:\n${lines.join('\n')}`,
    );
    assert.match(lines.at(-1) ?? '', /Cancelling/);
  }
});

test('progress in a log: one line when a step begins and one when it ends', () => {
  const text = (lines: Line[]) => lines.map((line) => render(line, false));
  const begun = {
    ...operation,
    steps: operation.steps.slice(0, 1).map((step) => ({ ...step, state: 'running' as const, ms: undefined })),
  };
  assert.deepEqual(text(changedLines(undefined, begun)), [
    'Deploying shop, release 13',
    '  started  Make the network of shop',
  ]);
  assert.deepEqual(text(changedLines(begun, operation)), [
    '  done     Make the network of shop  800 ms',
    '  started  Start 2 replicas of web',
  ]);
  assert.deepEqual(
    text(
      changedLines(operation, { ...operation, steps: operation.steps.map((step) => ({ ...step, detail: 'other' })) }),
    ),
    [],
  );
});

const release: Release = {
  app: 'shop',
  version: 13,
  state: 'current',
  image: 'docker.io/me/shop:2',
  digest,
  reason: 'deploy',
  by: 'local administrator',
  createdAt: now - 200_000,
  receipt: { totalMs: 4_200, switchMs: 12, probes: { sent: 40, failed: 0 }, digest, steps: [] },
};

test('what a deploy measured', (t) => {
  const ended = { name: 'shop', version: 13, urls: ['https://shop.example.com/'], release };
  t.assert.snapshot(
    drawn((columns) => receiptView(ended, columns)),
    { serializers },
  );
  t.assert.snapshot(
    drawn((columns) => receiptView({ ...ended, urls: [], release: undefined }, columns)),
    { serializers },
  );
});

const app: AppDetail = {
  id: 'a',
  name: 'shop',
  kind: 'container',
  environment: 'production',
  state: 'degraded',
  release: 13,
  image: 'docker.io/me/shop:2',
  digest,
  urls: [
    { url: 'https://shop.example.com/', process: 'web', port: 80 },
    { url: 'https://api.shop.example.com/', process: 'web', port: 3000 },
  ],
  createdAt: now - 9e8,
  updatedAt: now - 180_000,
  replicas: [
    { id: '0123456789abcdef0123', process: 'web', release: 13, state: 'healthy' },
    { id: 'fedcba9876543210fedc', process: 'web', release: 13, state: 'exited', reason: 'out of memory' },
  ],
  bindings: [{ service: 'mariadb', env: 'DATABASE_URL', database: 'shop_1' }],
  volumes: [{ name: 'minicloud-shop-data', path: '/data', createdAt: now - 9e8 }],
  domains: ['shop.example.com'],
  processes: [],
  routes: [],
  activity: [],
};

test('apps, one app, releases, operations, tokens', (t) => {
  const none: AppDetail = {
    ...app,
    name: 'a-brand-new-app',
    state: 'created',
    release: undefined,
    image: undefined,
    digest: undefined,
    urls: [],
    replicas: [],
    bindings: [],
    volumes: [],
  };
  const views: ((columns: number) => Line[])[] = [
    (columns) => appsView([app, none], now, columns),
    (columns) => appView(app, now, columns),
    (columns) => appView(none, now, columns),
    (columns) =>
      releasesView([release, { ...release, version: 12, state: 'failed', receipt: undefined, problem }], now, columns),
    (columns) =>
      operationsView([operation, { ...operation, id: 'b', state: 'failed', finishedAt: now, problem }], now, columns),
    (columns) =>
      tokensView(
        [
          {
            id: 'hbul5egaod',
            name: 'local administrator',
            scope: 'admin',
            createdAt: now - 9e7,
            lastUsedAt: now - 1_000,
          },
          {
            id: 'ty5z7n3tz5',
            name: 'ci',
            scope: 'deploy',
            apps: ['shop', 'blog'],
            createdAt: now - 9e7,
            expiresAt: now + 9e8,
          },
        ],
        now,
        columns,
      ),
  ];
  t.assert.snapshot(views.map(drawn).join('\n\n'), { serializers });
  for (const one of views) within(one);
});

test('the state of the server', (t) => {
  const info = {
    version: '0.1.0',
    apiVersion: 1,
    features: [],
    installation: 'x',
    serverDomain: 'cloud.example.com',
    engine: { kind: 'docker', version: '20.10.24', os: 'linux', arch: 'amd64' },
    proxy: { httpPort: 80, httpsPort: 443 },
  };
  const status = {
    ok: false,
    components: [
      { name: 'engine' as const, state: 'ok' as const, detail: 'docker 20.10.24' },
      {
        name: 'firewall' as const,
        state: 'degraded' as const,
        detail: 'the rule that keeps apps from 169.254.0.0/16 is missing; see the companion’s log',
      },
    ],
    apps: 0,
    uptimeSeconds: 4_000,
    memoryBytes: 171_400_000,
  };
  const target = { url: 'https://cloud.example.com', from: '--api-url' };
  t.assert.snapshot(
    drawn((columns) => statusView(target, info, status, columns)),
    { serializers },
  );
  const mariadb = { name: 'mariadb' as const, state: 'starting' as const, detail: 'started 3 s ago' };
  const engine = { name: 'engine' as const, state: 'ok' as const, detail: '' };
  const words = drawn((columns) => statusView(target, info, { ...status, components: [engine, mariadb] }, columns));
  assert.match(words, /\nNothing is wrong; mariadb is still starting\n/);
  assert.match(words, /starting +mariadb +started 3 s ago/);
});

test('annotations of a GitHub workflow can not be broken out of', () => {
  const range = { start: { line: 2, character: 8 }, end: { line: 2, character: 13 } };
  const [line = []] = annotations({
    file: 'a,b:c.yml',
    diagnostics: [{ code: 'manifest/x', severity: 'warning', message: '50 %\n::error::x', range, path: '' }],
  });
  assert.equal(
    render(line, false),
    '::warning file=a%2Cb%3Ac.yml,line=3,endLine=3,col=9,endColumn=13,title=manifest/x::50 %25%0A::error::x',
  );
});
