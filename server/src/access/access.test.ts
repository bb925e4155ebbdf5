import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Scope } from 'minicloud-shared/model/access';
import { ask, eventually, type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';

let companion: MemoryCompanion;
before(async () => {
  companion = await startMemoryCompanion({ behaviour: () => ({ logs: ['hello'] }) });
  const operation = await companion.deploy('name: shop\nimage: shop:1\nexpose: [{ port: 80 }]\n');
  assert.equal(operation.state, 'succeeded');
});
after(() => companion.stop());

const create = (token: string, input: object) => companion.call('tokens.create', 'mutation', input, { token });

test('a value has the form that scanners know, and 256 bits of chance', async () => {
  const made = await Promise.all(Array.from({ length: 50 }, () => companion.token('read')));
  for (const { value, token } of made) {
    assert.match(value, /^mc_user_[a-z2-7]{10}_[A-Za-z0-9_-]{43}$/);
    assert.ok(value.startsWith(`mc_user_${token.id}_`));
  }
  assert.equal(new Set(made.map(({ value }) => value.slice(-43))).size, made.length);
});

test('the value is told once and is nowhere on disk, in the log or in the list', async () => {
  const outcome = await create(companion.admin, { name: 'ci', scope: 'deploy' });
  const { value } = (JSON.parse(outcome.text) as { result: { data: { value: string } } }).result.data;
  await companion.call('apps.list', 'query', undefined, { token: value });
  const random = value.slice(-43);
  const files = readdirSync(companion.home, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  assert.ok(files.some((file) => file.name === 'minicloud.db'));
  for (const file of files) {
    const bytes = readFileSync(path.join(file.parentPath, file.name));
    assert.ok(!bytes.includes(random), `${file.name} holds a token`);
  }
  const listed = await companion.call('tokens.list', 'query', undefined, { token: companion.admin });
  assert.ok(!listed.text.includes(random) && !/hash/i.test(listed.text));
  assert.ok(!companion.log.join('\n').includes(random));
});

test('what is nearly right is wrong', async () => {
  const { value, token } = await companion.token('admin');
  const other = await companion.token('admin');
  const random = value.slice(-43);
  const wrong = [
    value.slice(0, -1),
    `${value}x`,
    value.toUpperCase(),
    ` ${value}`,
    value.replace('mc_user_', 'mc_'),
    // The random part of one with the id of the other.
    `mc_user_${other.token.id}_${random}`,
    token.id,
    random,
    '',
    'null',
  ];
  for (const [n, attempt] of wrong.entries()) {
    const outcome = await companion.call('apps.list', 'query', undefined, { token: attempt, from: `127.0.9.${n + 1}` });
    assert.equal(outcome.code, 'unauthorized', attempt);
  }
  const inUrl = await ask(`${companion.url}/trpc/apps.list?token=${value}&authorization=Bearer%20${value}`);
  assert.equal(inUrl.status, 401, 'a token in the address opens nothing');
  assert.equal((await companion.call('apps.list', 'query', undefined, { token: value })).code, 'ok');
});

test('nobody grants more than they hold', async () => {
  const soon = companion.cloud.clock.now() + 60_000;
  const held: Record<string, { apps?: string[]; expiresAt?: number }> = {
    all: {},
    limited: { apps: ['shop', 'blog'] },
    expiring: { expiresAt: soon },
  };
  const wanted: Record<string, { apps?: string[]; expiresAt?: number }> = {
    all: {},
    'the same apps': { apps: ['shop', 'blog'] },
    'fewer apps': { apps: ['shop'] },
    'no app': { apps: [] },
    'another app': { apps: ['shop', 'other'] },
    sooner: { expiresAt: soon - 1000 },
    later: { expiresAt: soon + 1000 },
    'fewer apps and sooner': { apps: ['shop'], expiresAt: soon - 1000 },
  };
  const allowed: Record<string, string[]> = {
    all: Object.keys(wanted),
    limited: ['the same apps', 'fewer apps', 'no app', 'fewer apps and sooner'],
    expiring: ['sooner', 'fewer apps and sooner'],
  };
  for (const [holder, limits] of Object.entries(held)) {
    const { value } = await companion.token('admin', limits);
    for (const [name, input] of Object.entries(wanted)) {
      const outcome = await create(value, { name: 'granted', scope: 'read', ...input });
      const expected = allowed[holder]?.includes(name) ? 'ok' : 'forbidden';
      assert.equal(outcome.code, expected, `${holder} grants ${name}: ${outcome.text}`);
    }
  }
  for (const scope of ['read', 'deploy', 'manage'] as Scope[]) {
    const { value } = await companion.token(scope);
    assert.equal((await create(value, { name: 'granted', scope: 'read' })).code, 'forbidden');
  }
});

test('an administrator of some apps sees and revokes only tokens of those', async () => {
  const limited = await companion.token('admin', { apps: ['shop'], name: 'limited' });
  const inside = await companion.token('read', { apps: ['shop'], name: 'inside' });
  const outside = await companion.token('read', { apps: ['blog'], name: 'outside' });
  const everything = await companion.token('read', { name: 'everything' });
  const listed = await companion.clientOf(limited.value).tokens.list.query();
  assert.ok(listed.every((token) => token.apps?.every((app) => app === 'shop')));
  const revoke = (id: string) => companion.call('tokens.revoke', 'mutation', { id }, { token: limited.value });
  assert.equal((await revoke(outside.token.id)).code, 'not_found');
  assert.equal((await revoke(everything.token.id)).code, 'not_found');
  assert.equal((await revoke(inside.token.id)).code, 'ok');
  assert.equal((await companion.call('apps.list', 'query', undefined, { token: everything.value })).code, 'ok');
});

test('names that would pass for somebody else in the event log are refused', async () => {
  for (const name of ['system', 'System', 'local administrator', 'unknown from 127.0.0.1', 'a\nb', '<b>', '']) {
    assert.equal((await create(companion.admin, { name, scope: 'read' })).code, 'invalid_input', name);
  }
});

test('a token born expired is refused', async () => {
  const outcome = await create(companion.admin, { name: 'late', scope: 'read', expiresAt: 1 });
  assert.equal(outcome.code, 'invalid_input');
});

test('who made and who revoked a token is in the event log, for administrators of everything alone', async () => {
  const from = await companion.cloud.events.latest();
  const made = await companion.client.tokens.create.mutate({ name: 'audited', scope: 'read', apps: ['shop'] });
  await companion.client.tokens.revoke.mutate({ id: made.token.id });
  const written = await companion.cloud.events.after(from, 10);
  assert.deepEqual(
    written.map((event) => [event.by, event.body.kind, 'what' in event.body ? event.body.what : '']),
    [
      ['test administrator', 'access.changed', `token audited (${made.token.id}) was made: read for shop`],
      ['test administrator', 'access.changed', `token audited (${made.token.id}) was revoked`],
    ],
  );
  const { value } = await companion.token('manage');
  const first = await companion.call('events.subscribe', 'subscription', { lastEventId: 0 }, { token: value });
  assert.equal(first.code, 'ok');
  assert.doesNotMatch(first.text, /access\./);
});

/** Follows events or the log until the server ends it; resolves with what the client is told. */
function open(value: string, which: 'events' | 'logs') {
  let started = () => {};
  const running = new Promise<void>((resolve) => {
    started = resolve;
  });
  const ended = ask(
    which === 'events'
      ? `${companion.url}/trpc/events.subscribe?input=${encodeURIComponent('{"lastEventId":0}')}`
      : `${companion.url}/trpc/logs.follow?input=${encodeURIComponent('{"app":"shop"}')}`,
    {
      headers: { authorization: `Bearer ${value}`, accept: 'text/event-stream' },
      until: (text) => {
        if (/^data: \{.*("at"|"body")/m.test(text)) started();
        return false;
      },
    },
  );
  return { running, ended };
}

for (const which of ['events', 'logs'] as const) {
  test(`an open stream of ${which} ends with its token: revoked`, async () => {
    const { value, token } = await companion.token('read');
    const kept = await companion.token('read');
    const stream = open(value, which);
    const other = open(kept.value, which);
    await Promise.all([stream.running, other.running]);
    const revokedAt = performance.now();
    await companion.client.tokens.revoke.mutate({ id: token.id });
    await stream.ended;
    assert.ok(performance.now() - revokedAt < 12_000, 'at once, not at the next ping, which is every 15 s');
    assert.equal((await companion.call('apps.list', 'query', undefined, { token: value })).code, 'unauthorized');
    const still = await Promise.race([
      other.ended.then(() => 'ended'),
      new Promise((resolve) => setTimeout(resolve, 100, 'open')),
    ]);
    assert.equal(still, 'open', 'the stream of another token goes on');
    await companion.client.tokens.revoke.mutate({ id: kept.token.id });
    await other.ended;
  });

  test(`an open stream of ${which} ends with its token: expired`, async () => {
    const { value } = await companion.token('read', { expiresAt: companion.cloud.clock.now() + 700 });
    const stream = open(value, which);
    await stream.running;
    await stream.ended;
    assert.equal((await companion.call('apps.list', 'query', undefined, { token: value })).code, 'unauthorized');
  });
}

test('the last use is told, at most a minute late', async () => {
  const { value, token } = await companion.token('read');
  const lastUse = async () =>
    (await companion.client.tokens.list.query()).find(({ id }) => id === token.id)?.lastUsedAt;
  assert.equal(await lastUse(), undefined);
  await companion.call('apps.list', 'query', undefined, { token: value });
  const first = await lastUse();
  assert.ok(first !== undefined && Math.abs(first - companion.cloud.clock.now()) < 60_000);
  companion.pass(120_000);
  await companion.call('apps.list', 'query', undefined, { token: value });
  await eventually('the later use', async () => ((await lastUse()) ?? 0) >= first + 120_000);
});
