/** One-time codes over HTTP: what they give, to whom, how often, for how long, and to those who guess. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { AccessCode, Redeemed } from 'minicloud-shared/model/access';
import { type MemoryCompanion, type Outcome, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import { systemPrincipal } from '../context.ts';
import { revoke, tokens } from './access.ts';
import { codeLivesMs, firstAdministratorCode } from './codes.ts';

let companion: MemoryCompanion;
before(async () => {
  companion = await startMemoryCompanion();
});
after(() => companion.stop());

const data = <T>(outcome: Outcome): T => {
  assert.equal(outcome.code, 'ok', outcome.text);
  return (JSON.parse(outcome.text) as { result: { data: T } }).result.data;
};
const create = (token: string, input: object) => companion.call('access.createCode', 'mutation', input, { token });
const made = async (token: string, input: object = { name: 'editor' }) => data<AccessCode>(await create(token, input));

// Attempts are counted by address, so each test comes from one of its own.
let place = 1;
const newPlace = () => `127.1.0.${++place}`;
const redeem = (code: string, from = newPlace()) => companion.call('access.redeemCode', 'mutation', { code }, { from });
const works = async (token: string) =>
  (await companion.call('system.info', 'query', undefined, { token, from: newPlace() })).code;

test('a code is redeemed once, without a token, for one of the maker’s scope', async () => {
  const { value } = await companion.token('deploy');
  const code = await made(value);
  assert.match(code.code, /^mc_code_[A-Za-z0-9_-]{43}$/);
  assert.equal(code.scope, 'deploy');
  assert.equal(code.name, 'editor');
  const got = data<Redeemed>(await redeem(code.code));
  assert.equal(got.token.scope, 'deploy');
  assert.equal(got.token.name, 'editor');
  assert.equal(got.installation, companion.cloud.installation);
  assert.equal(await works(got.value), 'ok');
  const again = await redeem(code.code);
  assert.equal(again.code, 'unauthorized');
  assert.equal(again.status, 401);
});

test('of many who redeem at once, one gets a token', async () => {
  const { code } = await made(companion.admin);
  const all = await Promise.all(Array.from({ length: 8 }, () => redeem(code)));
  assert.deepEqual(all.map((each) => each.code).sort(), ['ok', ...Array(7).fill('unauthorized')]);
});

test('after five minutes it is nothing', async () => {
  const [early, late] = [await made(companion.admin), await made(companion.admin)];
  companion.pass(codeLivesMs - 1_000);
  data(await redeem(early.code));
  companion.pass(1_001);
  assert.equal((await redeem(late.code)).code, 'unauthorized');
});

test('nobody gives more than they hold, and what is left out is as their own', async () => {
  const expiresAt = companion.cloud.clock.now() + 3_600_000;
  const { value } = await companion.token('manage', { apps: ['shop'], expiresAt });
  for (const more of [
    { scope: 'admin' },
    { apps: ['other'] },
    { apps: ['shop', 'other'] },
    { expiresAt: expiresAt + 1 },
  ])
    assert.equal((await create(value, { name: 'x', ...more })).code, 'forbidden', JSON.stringify(more));
  const { token } = data<Redeemed>(await redeem((await made(value, { name: 'x', scope: 'read' })).code));
  assert.deepEqual([token.scope, token.apps, token.expiresAt], ['read', ['shop'], expiresAt]);
});

test('a copy ends with the token that it was made with; an administrator’s stands on its own', async () => {
  const first = await companion.token('deploy');
  const second = data<Redeemed>(await redeem((await made(first.value)).code));
  const third = data<Redeemed>(await redeem((await made(second.value, { name: 'third', scope: 'read' })).code));
  const open = await made(first.value);
  await companion.client.tokens.revoke.mutate({ id: first.token.id });
  for (const value of [first.value, second.value, third.value]) assert.equal(await works(value), 'unauthorized');
  assert.equal((await redeem(open.code)).code, 'unauthorized', 'nor is an open code good for anything');

  const admin = await companion.token('admin');
  const own = data<Redeemed>(await redeem((await made(admin.value)).code));
  await companion.client.tokens.revoke.mutate({ id: admin.token.id });
  assert.equal(await works(own.value), 'ok');
});

test('who guesses is stopped at ten a minute, and told when to come back; a batch is no way around it', async () => {
  const from = newPlace();
  const { code } = await made(companion.admin);
  const wrong = (n: number) => `mc_code_${String(n).padStart(43, 'A')}`;
  const answers = [];
  for (let n = 0; n < 12; n += 1) answers.push(await redeem(wrong(n), from));
  assert.deepEqual(
    answers.map((each) => each.code),
    [...Array(10).fill('unauthorized'), 'rate_limited', 'rate_limited'],
  );
  assert.equal(answers.at(-1)?.status, 429);
  assert.ok(Number(answers.at(-1)?.headers['retry-after']) > 0);
  assert.equal((await redeem(code, from)).code, 'rate_limited', 'the right one is not looked at either');
  data(await redeem(code));

  const batch = Object.fromEntries(Array.from({ length: 15 }, (_, n) => [n, { code: wrong(n) }]));
  const names = Array(15).fill('access.redeemCode').join(',');
  const answer = await companion.call(`${names}?batch=1`, 'mutation', batch, { from: newPlace() });
  const codes = (JSON.parse(answer.text) as { error: { data: { problem: { code: string } } } }[]).map(
    (each) => each.error.data.problem.code,
  );
  assert.ok(codes.filter((each) => each === 'unauthorized').length <= 10, answer.text.slice(0, 300));
  assert.ok(codes.includes('rate_limited'), answer.text.slice(0, 300));
});

test('a token may have twenty codes open', async () => {
  const { value } = await companion.token('read');
  for (let n = 0; n < 20; n += 1) await made(value);
  assert.equal((await create(value, { name: 'editor' })).code, 'rate_limited');
  companion.pass(codeLivesMs + 1);
  await made(value);
});

test('the code is kept as a hash, and is in no log and no event', async () => {
  const { code } = await made(companion.admin);
  await redeem(`${code.slice(0, -1)}${code.endsWith('A') ? 'B' : 'A'}`);
  const random = code.slice(-43);
  for (const file of readdirSync(companion.home, { recursive: true, withFileTypes: true }))
    if (file.isFile())
      assert.ok(!readFileSync(path.join(file.parentPath, file.name)).includes(random), `${file.name} holds a code`);
  const events = JSON.stringify(await companion.cloud.events.after(0, 10_000));
  assert.ok(!events.includes(random) && !companion.log.join('\n').includes(random));
  assert.match(events, /a code for the token editor was made/);
  assert.match(events, /a code that is not valid/);
});

test('without an administrator there is a code for the first, once, and never beside one', async () => {
  const { cloud } = companion;
  assert.equal(await firstAdministratorCode(cloud), undefined, 'there is one');
  for (const { id, scope } of await tokens(cloud, systemPrincipal))
    if (scope === 'admin') await revoke(cloud, systemPrincipal, id);
  await companion.token('admin', { apps: ['shop'] });
  await companion.token('admin', { expiresAt: cloud.clock.now() + 1_000 });
  companion.pass(1_001);
  const [lost, late] = [await firstAdministratorCode(cloud), await firstAdministratorCode(cloud)];
  assert.ok(lost && late, 'for some apps, or until a time that is over, is not enough');
  assert.equal((await redeem(lost.code)).code, 'unauthorized', 'the newest one counts');
  companion.pass(codeLivesMs);
  assert.equal((await redeem(late.code)).code, 'unauthorized');
  const asked = cloud.clock.now();
  const code = await firstAdministratorCode(cloud);
  assert.ok(code);
  const madeAt = code.expiresAt - codeLivesMs;
  assert.ok(asked <= madeAt && madeAt <= cloud.clock.now(), `made at ${madeAt}, asked for at ${asked}`);
  const all = await Promise.all(Array.from({ length: 4 }, () => redeem(code.code)));
  assert.deepEqual(all.map((each) => each.code).sort(), ['ok', 'unauthorized', 'unauthorized', 'unauthorized']);
  const { value, token } = data<Redeemed>(all.find((each) => each.code === 'ok') as Outcome);
  assert.deepEqual([token.scope, token.apps, token.expiresAt], ['admin', undefined, undefined]);
  await made(value);
  assert.equal(await firstAdministratorCode(cloud), undefined);
});
