/** Every procedure × everybody × own and others' apps, by plain HTTP, against what the procedure's scope says. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Scope, scopeAllows } from 'minicloud-shared/model/access';
import { type MemoryCompanion, type Outcome, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import { appRouter } from './router.ts';
import { type Meta, procedure } from './trpc.ts';

/** Names of one length, so that answers can be compared letter by letter. */
const own = 'apple';
const foreign = 'zebra';
const ghost = 'ghost';

const manifest = (app: string) =>
  `name: ${app}\nimage: ${app}-image:1\nexpose: [{ port: 80, domains: [${app}.example.com] }]\n`;

interface Sample {
  input: (app: string) => unknown;
  /** What comes of it where it is allowed, when the app is there. */
  allowed: string;
  /** How an app that the token does not cover is refused. */
  uncovered?: 'forbidden' | 'not_found';
  /** How a token that is limited to some apps is refused, whichever. */
  limited?: 'forbidden';
}

let operations: Record<string, string> = {};
const byApp = (app: string) => ({ app });
const samples: Record<string, Sample> = {
  'system.info': { input: () => undefined, allowed: 'ok' },
  'system.status': { input: () => undefined, allowed: 'ok' },
  'system.facts': { input: byApp, allowed: 'ok', uncovered: 'forbidden' },
  'system.rootCertificate': { input: () => undefined, allowed: 'ok' },
  'apps.list': { input: () => undefined, allowed: 'ok' },
  'apps.get': { input: (name) => ({ name }), allowed: 'ok', uncovered: 'forbidden' },
  'apps.delete': { input: (name) => ({ name, confirm: 'no' }), allowed: 'invalid_input', uncovered: 'forbidden' },
  'apps.deleted': { input: () => undefined, allowed: 'ok' },
  'apps.restore': { input: (name) => ({ name }), allowed: 'not_found', uncovered: 'forbidden' },
  'plans.create': { input: (app) => ({ manifest: manifest(app) }), allowed: 'ok', uncovered: 'forbidden' },
  'deploys.start': { input: (app) => ({ manifest: manifest(app) }), allowed: 'ok', uncovered: 'forbidden' },
  'releases.list': { input: byApp, allowed: 'ok', uncovered: 'forbidden' },
  'releases.get': { input: (app) => ({ app, version: 1 }), allowed: 'ok', uncovered: 'forbidden' },
  'releases.compare': { input: (app) => ({ app, from: 1, to: 1 }), allowed: 'ok', uncovered: 'forbidden' },
  'releases.planRollback': { input: (app) => ({ app, version: 999 }), allowed: 'not_found', uncovered: 'forbidden' },
  'releases.rollback': { input: (app) => ({ app, version: 999 }), allowed: 'not_found', uncovered: 'forbidden' },
  'operations.list': { input: byApp, allowed: 'ok', uncovered: 'forbidden' },
  'operations.get': { input: (app) => ({ id: operations[app] }), allowed: 'ok', uncovered: 'not_found' },
  'operations.cancel': { input: (app) => ({ id: operations[app] }), allowed: 'ok', uncovered: 'not_found' },
  'events.subscribe': { input: (app) => ({ app, lastEventId: 0 }), allowed: 'ok', uncovered: 'forbidden' },
  'logs.tail': { input: byApp, allowed: 'ok', uncovered: 'forbidden' },
  'logs.follow': { input: byApp, allowed: 'ok', uncovered: 'forbidden' },
  'access.createCode': { input: () => ({ name: 'made', apps: [own] }), allowed: 'ok' },
  'access.redeemCode': { input: () => ({ code: 'mc_code_wrong' }), allowed: 'unauthorized' },
  'terminals.open': { input: byApp, allowed: 'ok', uncovered: 'forbidden' },
  'forwards.targets': { input: byApp, allowed: 'ok', uncovered: 'forbidden' },
  'forwards.open': { input: (app) => ({ app, target: 'web', port: 80 }), allowed: 'ok', uncovered: 'forbidden' },
  'forwards.credentials': {
    input: (app) => ({ app, localPort: 3307 }),
    allowed: 'not_found',
    uncovered: 'forbidden',
  },
  'metrics.app': { input: byApp, allowed: 'ok', uncovered: 'forbidden' },
  'proposals.create': { input: (app) => ({ manifest: manifest(app) }), allowed: 'ok', uncovered: 'forbidden' },
  'proposals.list': { input: byApp, allowed: 'ok', uncovered: 'forbidden' },
  'proposals.get': { input: () => ({ id: 'nosuchproposal' }), allowed: 'not_found' },
  'proposals.discard': { input: () => ({ id: 'nosuchproposal' }), allowed: 'not_found' },
  'config.list': { input: byApp, allowed: 'ok', uncovered: 'forbidden' },
  'config.preview': { input: (app) => ({ app, unset: ['NONE'] }), allowed: 'ok', uncovered: 'forbidden' },
  'config.set': {
    input: (app) => ({ app, set: [{ name: 'A', value: 'of-the-walk', kind: 'secret' }] }),
    allowed: 'ok',
    uncovered: 'forbidden',
  },
  'keys.rotate': { input: () => undefined, allowed: 'ok', limited: 'forbidden' },
  'tokens.list': { input: () => undefined, allowed: 'ok' },
  'tokens.create': { input: () => ({ name: 'made', scope: 'read', apps: [own] }), allowed: 'ok' },
  'tokens.revoke': { input: () => ({ id: 'nosuchtoken' }), allowed: 'not_found' },
};

interface Somebody {
  value?: string;
  scope?: Scope;
  apps?: string[];
}

let companion: MemoryCompanion;
let everybody: Record<string, Somebody>;

before(async () => {
  companion = await startMemoryCompanion({ behaviour: () => ({ logs: ['hello'] }) });
  for (const app of [own, foreign]) {
    const operation = await companion.deploy(manifest(app));
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
    operations = { ...operations, [app]: operation.id, [ghost]: 'nosuchoper' };
  }
  const held = async (scope: Scope, apps?: string[]) => ({
    scope,
    ...(apps ? { apps } : {}),
    value: (await companion.token(scope, apps ? { apps } : {})).value,
  });
  const expired = await companion.token('admin', { expiresAt: companion.cloud.clock.now() + 1000 });
  const revoked = await companion.token('admin');
  await companion.client.tokens.revoke.mutate({ id: revoked.token.id });
  companion.pass(2000);
  everybody = {
    nobody: {},
    'a wrong token': { value: `${(await companion.token('admin')).value.slice(0, -2)}xx` },
    'an expired token': { value: expired.value },
    'a revoked token': { value: revoked.value },
    read: await held('read'),
    deploy: await held('deploy'),
    manage: await held('manage'),
    admin: await held('admin'),
    'read, one app': await held('read', [own]),
    'deploy, one app': await held('deploy', [own]),
    'admin, one app': await held('admin', [own]),
  };
});
after(() => companion.stop());

const procedures = Object.entries(appRouter._def.procedures) as unknown as [
  string,
  { _def: { type: 'query' | 'mutation' | 'subscription'; meta?: Meta } },
][];

function expected(path: string, meta: Meta, who: Somebody, app: string): string {
  const sample = samples[path] as Sample;
  if (meta.scope === 'open') return sample.allowed;
  if (who.scope === undefined) return 'unauthorized';
  if (!scopeAllows(who.scope, meta.scope)) return 'forbidden';
  if (who.apps && sample.limited) return sample.limited;
  if (who.apps && !who.apps.includes(app) && sample.uncovered) return sample.uncovered;
  return sample.allowed;
}

// Failed tokens are counted by address, so every request of the walk comes from one of its own.
let address = 0;
const nextAddress = () => {
  address += 1;
  return `127.0.${1 + Math.floor(address / 250)}.${1 + (address % 250)}`;
};

function ask(path: string, type: 'query' | 'mutation' | 'subscription', who: Somebody, app: string): Promise<Outcome> {
  const { input } = samples[path] as Sample;
  return companion.call(path, type, input(app), { token: who.value, from: nextAddress() });
}

test('the walk knows every procedure, and every procedure says its scope', () => {
  assert.deepEqual(procedures.map(([path]) => path).sort(), Object.keys(samples).sort());
  for (const [path, { _def }] of procedures) {
    assert.ok(_def.meta?.scope, `${path} has no scope`);
    assert.ok(_def.meta.app, `${path} does not say which app it is about`);
  }
});

test('a procedure without a scope can not be made', () => {
  // The compiler refuses it already; this is what a cast would meet.
  assert.throws(
    () => procedure({ rest: 'GET /open', app: 'none' } as unknown as Parameters<typeof procedure>[0]),
    /GET \/open has no scope/,
  );
});

for (const [path, { _def }] of procedures) {
  test(`${path} answers everybody as its scope says`, async () => {
    const meta = _def.meta as Meta;
    for (const [name, who] of Object.entries(everybody)) {
      for (const app of [own, foreign]) {
        const outcome = await ask(path, _def.type, who, app);
        assert.equal(outcome.code, expected(path, meta, who, app), `${name} on ${app}: ${outcome.text.slice(0, 500)}`);
        if (outcome.code === 'unauthorized' && _def.type !== 'subscription') assert.equal(outcome.status, 401);
        if (outcome.code === 'forbidden' && _def.type !== 'subscription') assert.equal(outcome.status, 403);
      }
    }
  });

  test(`${path} tells a limited token of no other app`, async () => {
    for (const [name, who] of Object.entries(everybody)) {
      if (!who.apps) continue;
      const mine = await ask(path, _def.type, who, own);
      assert.ok(!mine.text.includes(foreign), `${name}: ${mine.text}`);
      // To it, an app of others and an app that is not there are the same.
      const [there, nowhere] = [await ask(path, _def.type, who, foreign), await ask(path, _def.type, who, ghost)];
      if (mine.code === 'ok' && (samples[path] as Sample).uncovered === undefined) continue;
      const neutral = (outcome: Outcome) =>
        JSON.stringify([outcome.status, outcome.problem])
          .replaceAll(foreign, 'APP')
          .replaceAll(ghost, 'APP')
          .replaceAll(operations[foreign] ?? '', 'ID')
          .replaceAll(operations[ghost] ?? '', 'ID');
      assert.equal(neutral(there), neutral(nowhere), name);
    }
  });
}

test('the event log as a limited token sees it holds nothing of others', async () => {
  const who = everybody['admin, one app'] as Somebody;
  await companion.client.deploys.start.mutate({ manifest: manifest(foreign) });
  const latest = await companion.cloud.events.latest();
  const marker = await companion.deploy(manifest(own));
  const seen: { id: number; app?: string | undefined; kind: string }[] = [];
  let text = '';
  await new Promise<void>((resolve, reject) => {
    const subscription = companion.clientOf(who.value ?? '').events.subscribe.subscribe(
      { lastEventId: 0 },
      {
        onData({ data }) {
          seen.push({ id: data.id, app: data.app, kind: data.body.kind });
          text += JSON.stringify(data);
          if (data.body.kind !== 'operation.changed' || data.body.operation.id !== marker.id) return;
          if (data.body.operation.state !== 'succeeded') return;
          subscription.unsubscribe();
          resolve();
        },
        onError: reject,
      },
    );
  });
  assert.ok(seen.length > 10 && latest > seen.length, 'it saw its own app and not all there was');
  assert.deepEqual(new Set(seen.map(({ app }) => app)), new Set([own]));
  assert.ok(!text.includes(foreign));
  const all = await companion.cloud.events.after(0, 10_000);
  assert.ok(
    all.some((event) => event.body.kind === 'access.denied'),
    'refusals were written',
  );
});

test('an input with two names is not checked by one and answered for the other', async () => {
  const who = everybody['read, one app'] as Somebody;
  for (const input of [
    { name: foreign, app: own },
    { app: own, name: foreign },
    { name: [foreign], app: own },
  ]) {
    const outcome = await companion.call('apps.get', 'query', input, { token: who.value });
    assert.ok(['forbidden', 'invalid_input'].includes(outcome.code), outcome.text);
    assert.ok(!outcome.text.includes(`${foreign}-image`));
  }
});

test('a batch is checked call by call', async () => {
  const { value } = everybody['read, one app'] as Somebody;
  const input = encodeURIComponent(JSON.stringify({ 0: { name: own }, 1: { name: foreign }, 2: undefined }));
  const answer = await companion.call(`apps.get,apps.get,tokens.list?batch=1&input=${input}`, 'query', undefined, {
    token: value,
  });
  const parts = JSON.parse(answer.text) as { error?: { data: { problem: { code: string } } } }[];
  assert.deepEqual(
    parts.map((part) => part.error?.data.problem.code ?? 'ok'),
    ['ok', 'forbidden', 'forbidden'],
  );
});

test('the name inside an image’s own manifest counts, and is not told', async () => {
  const { value } = everybody['deploy, one app'] as Somebody;
  companion.engine.seedImage('example.com/hidden:1', { files: { '/cloud_manifest.yml': manifest(foreign) } });
  companion.engine.seedImage('example.com/mine:1', { files: { '/cloud_manifest.yml': manifest(own) } });
  for (const path of ['plans.create', 'deploys.start']) {
    const refused = await companion.call(path, 'mutation', { image: 'example.com/hidden:1' }, { token: value });
    assert.equal(refused.code, 'forbidden', refused.text);
    assert.ok(!refused.text.includes(foreign), refused.text);
    const asOwn = { app: own, manifest: manifest(foreign) };
    assert.equal((await companion.call(path, 'mutation', asOwn, { token: value })).code, 'forbidden');
  }
  assert.equal(
    (await companion.call('plans.create', 'mutation', { image: 'example.com/mine:1' }, { token: value })).code,
    'ok',
  );
});

test('a domain of others is refused without saying whose it is', async () => {
  const { value } = everybody['deploy, one app'] as Somebody;
  const text = `name: ${own}\nimage: x:1\nexpose: [{ port: 80, domains: [${foreign}.example.com] }]\n`;
  const plan = await companion.call('plans.create', 'mutation', { manifest: text }, { token: value });
  assert.match(plan.text, /manifest\/domain-owned/);
  assert.doesNotMatch(plan.text, new RegExp(`app ${foreign}`));
  const deploy = await companion.call('deploys.start', 'mutation', { manifest: text }, { token: value });
  assert.equal(deploy.code, 'manifest_invalid');
  assert.match(deploy.text, /manifest\/domain-owned/);
  assert.doesNotMatch(deploy.text, new RegExp(`app ${foreign}`));
  const told = await companion.call('plans.create', 'mutation', { manifest: text }, { token: companion.admin });
  assert.match(told.text, new RegExp(`app ${foreign}`), 'somebody who may see all apps is told the owner');
});
