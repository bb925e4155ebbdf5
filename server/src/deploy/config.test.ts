/** Config vars and secrets from the API to the containers: what makes a release, what is refused, and that no value is told. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Plan } from 'minicloud-shared/model/plan';
import { type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';

let companion: MemoryCompanion;
/** Of every container that was made, by its name. */
const environments = new Map<string, Record<string, string>>();
before(async () => {
  companion = await startMemoryCompanion({
    behaviour: ({ name, env }) => {
      environments.set(name, env);
      return env.BREAK === undefined ? {} : { exitCode: 1, healthy: false, logs: [`broken by ${env.BREAK}`] };
    },
  });
});
after(() => companion.stop());

const manifest = (app: string, more = '') => `name: ${app}\nimage: ${app}:1\nexpose: [{ port: 80 }]\n${more}`;
async function deployed(app: string, more = ''): Promise<void> {
  const operation = await companion.deploy(manifest(app, more));
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
}

type Set = Parameters<typeof companion.client.config.set.mutate>[0];
const vars = (values: Record<string, string>, kind: 'config' | 'secret' = 'config') =>
  Object.entries(values).map(([name, value]) => ({ name, value, kind }));
/** Sets and waits for the deploy, where there is one. */
async function set(input: Set) {
  const done = await companion.client.config.set.mutate(input);
  const operation =
    done.operation === undefined ? undefined : await companion.cloud.operations.finished(done.operation);
  return { ...done, state: operation?.state };
}
const refused = (input: Set) => companion.call('config.set', 'mutation', input, { token: companion.admin });
/** Environment of what runs of the app's first process. */
async function environment(app: string): Promise<Record<string, string>> {
  const found = (await companion.engine.listContainers({ 'minicloud.app-name': app })).filter(
    ({ state }) => state === 'running',
  );
  assert.equal(found.length, 1);
  return environments.get(found[0]?.name ?? '') ?? {};
}
const releases = async (app: string) =>
  (await companion.client.releases.list.query({ app })).map(
    ({ version, state, reason, configVersion }) => `${version} ${state} ${configVersion} ${reason}`,
  );
const configOf = async (app: string) =>
  (await companion.client.config.list.query({ app })).entries.map(
    ({ name, kind, used }) => `${kind} ${name}${used ? ' used' : ''}`,
  );
const changed = (plan: Plan | undefined) => plan?.changes.map(({ action, object }) => `${action} ${object}`);

test('a change makes a release of the same image and manifest, with the values in its containers', async () => {
  await deployed('shop', 'env: { COLOUR: blue, KEPT: yes }\n');
  const done = await set({ app: 'shop', set: vars({ COLOUR: 'green', API_URL: 'https://x.example.com' }) });
  assert.deepEqual([done.version, done.changed, done.state], [1, ['API_URL', 'COLOUR'], 'succeeded']);
  const env = await environment('shop');
  assert.deepEqual([env.COLOUR, env.API_URL, env.KEPT], ['green', 'https://x.example.com', 'yes']);
  assert.deepEqual(await releases('shop'), ['2 current 1 config: set API_URL, COLOUR', '1 superseded 0 deploy']);
  assert.deepEqual(await configOf('shop'), ['config API_URL used', 'config COLOUR used']);
  const { plan } = await companion.client.plans.create.mutate({ manifest: manifest('shop', 'env: { COLOUR: red }\n') });
  assert.match(plan?.notes.join('\n') ?? '', /config var wins over the manifest's `env`: COLOUR/);

  const same = await set({ app: 'shop', set: vars({ COLOUR: 'green' }) });
  assert.deepEqual([same.version, same.changed, same.operation], [1, [], undefined]);
  const gone = await set({ app: 'shop', set: vars({ SIZE: 'large' }), unset: ['API_URL', 'NEVER_WAS'] });
  assert.deepEqual([gone.version, gone.changed, gone.state], [2, ['API_URL', 'SIZE'], 'succeeded']);
  assert.equal((await environment('shop')).API_URL, undefined);
  assert.equal((await releases('shop'))[0], '3 current 2 config: set SIZE; unset API_URL');
});

test('a secret gets in where the manifest lists it, and a manifest that lists one without a value is refused', async () => {
  await deployed('vault');
  const asked = await companion.call(
    'deploys.start',
    'mutation',
    { manifest: manifest('vault', 'secrets: [STRIPE_KEY]\n') },
    { token: companion.admin },
  );
  assert.equal(asked.code, 'manifest_invalid');
  assert.match(asked.text, /manifest\/secret-value/);
  assert.match(asked.text, /minicloud secrets:set vault STRIPE_KEY/);
  const early = await set({ app: 'vault', set: vars({ STRIPE_KEY: 'sk_one' }, 'secret') });
  assert.deepEqual([early.version, early.operation], [1, undefined], 'no process of what serves would see it');
  assert.equal((await environment('vault')).STRIPE_KEY, undefined);
  assert.deepEqual(await configOf('vault'), ['secret STRIPE_KEY']);
  const { plan } = await companion.client.plans.create.mutate({
    manifest: manifest('vault', 'secrets: [STRIPE_KEY]\n'),
  });
  assert.deepEqual(changed(plan), ['add secret STRIPE_KEY']);
  await deployed('vault', 'secrets: [STRIPE_KEY]\n');
  assert.equal((await environment('vault')).STRIPE_KEY, 'sk_one');
  const next = await set({ app: 'vault', set: vars({ STRIPE_KEY: 'sk_two' }, 'secret') });
  assert.equal(next.state, 'succeeded');
  assert.equal((await environment('vault')).STRIPE_KEY, 'sk_two');

  const used = await refused({ app: 'vault', unset: ['STRIPE_KEY'] });
  assert.equal(used.code, 'conflict');
  assert.match(used.problem?.remedy ?? '', /Take STRIPE_KEY out of `secrets`/);
  const other = await refused({ app: 'vault', set: vars({ STRIPE_KEY: 'x' }) });
  assert.equal(other.code, 'conflict');
  assert.match(other.problem?.why ?? '', /either a config var or a secret/);
  await set({ app: 'vault', set: vars({ OPEN: 'x' }), deploy: false });
  const listed = await companion.client.plans.create.mutate({ manifest: manifest('vault', 'secrets: [OPEN]\n') });
  assert.match(listed.diagnostics[0]?.message ?? '', /OPEN is a config var on the server/);
});

test('a rollback restores image, manifest and config together, and the plan says so by name', async () => {
  await deployed('again');
  await set({ app: 'again', set: vars({ A: 'first', B: 'first' }) });
  await set({ app: 'again', set: vars({ A: 'second', C: 'second' }), unset: ['B'] });
  await set({ app: 'again', set: vars({ LATER: 'kept' }, 'secret') });
  const plan = await companion.client.releases.planRollback.mutate({ app: 'again', version: 2 });
  assert.deepEqual(changed(plan), ['change config A', 'add config B', 'remove config C']);
  assert.match(plan.notes.join('\n'), /What is stored of these goes back, too: C, LATER\./);
  assert.doesNotMatch(JSON.stringify(plan), /first|second/);
  const { operationId } = await companion.client.releases.rollback.mutate({
    app: 'again',
    version: 2,
    planHash: plan.hash,
  });
  assert.equal((await companion.cloud.operations.finished(operationId)).state, 'succeeded');
  const env = await environment('again');
  assert.deepEqual([env.A, env.B, env.C], ['first', 'first', undefined]);
  assert.deepEqual(await configOf('again'), ['config A used', 'config B used']);
  assert.equal((await companion.client.config.list.query({ app: 'again' })).version, 4, 'a version of its own');
  assert.equal((await releases('again'))[0], '4 current 4 rollback to 2');
});

test('what was planned with another config is refused', async () => {
  await deployed('planned');
  const { plan } = await companion.client.plans.create.mutate({ manifest: manifest('planned', 'env: { X: y }\n') });
  await set({ app: 'planned', set: vars({ UNSEEN: 'x' }, 'secret') });
  const input = { manifest: manifest('planned', 'env: { X: y }\n'), planHash: plan?.hash };
  assert.equal(
    (await companion.call('deploys.start', 'mutation', input, { token: companion.admin })).code,
    'plan_changed',
  );
});

test('stored alone, it is used by the next deploy, or by setting the same again', async () => {
  await deployed('later');
  assert.equal((await set({ app: 'later', set: vars({ A: 'x' }), deploy: false })).operation, undefined);
  assert.deepEqual(await configOf('later'), ['config A']);
  const again = await set({ app: 'later', set: vars({ A: 'x' }) });
  assert.deepEqual([again.version, again.changed, again.state], [1, [], 'succeeded']);
  assert.equal((await environment('later')).A, 'x');
});

test('before the first deploy an app has to be made knowingly; its values wait', async () => {
  const unknown = await refused({ app: 'early', set: vars({ A: 'x' }) });
  assert.equal(unknown.code, 'not_found');
  assert.match(unknown.problem?.remedy ?? '', /--create/);
  const odd = await refused({ app: 'early', set: vars({ PORT: '80' }), create: true });
  assert.equal(odd.code, 'invalid_input');
  assert.equal(
    (await companion.call('apps.get', 'query', { name: 'early' }, { token: companion.admin })).code,
    'not_found',
  );
  assert.equal((await set({ app: 'early', set: vars({ KEY: 'sk' }, 'secret'), create: true })).version, 1);
  assert.equal((await companion.client.apps.get.query({ name: 'early' })).state, 'created');
  await deployed('early', 'secrets: [KEY]\nenvironment: staging\n');
  assert.equal((await companion.client.apps.get.query({ name: 'early' })).environment, 'staging');
  assert.equal((await environment('early')).KEY, 'sk');
});

test('a release that the new values break changes nothing that visitors see, and the old ones stay', async () => {
  await deployed('fragile');
  const broken = await set({ app: 'fragile', set: vars({ BREAK: 'password-of-the-night' }, 'config') });
  assert.equal(broken.state, 'failed');
  assert.equal((await environment('fragile')).BREAK, undefined);
  assert.deepEqual(await configOf('fragile'), ['config BREAK']);
  assert.equal((await set({ app: 'fragile', unset: ['BREAK'] })).operation, undefined, 'what serves never had it');
});

test('a change of config alone never takes back a deploy that is on its way, and is not deployed when that fails', async () => {
  await deployed('busy');
  const turn = Promise.withResolvers<void>();
  const hold = { kind: 'converge', app: 'busy', by: 'system', run: () => turn.promise } as const;
  const { id } = await companion.client.apps.get.query({ name: 'busy' });
  await companion.cloud.operations.start({ ...hold, appId: id });
  const newer = await companion.client.deploys.start.mutate({ manifest: manifest('busy'), image: 'busy:2' });
  const first = await companion.client.config.set.mutate({ app: 'busy', set: vars({ A: '1' }) });
  const second = await companion.client.config.set.mutate({ app: 'busy', set: vars({ B: '2' }) });
  turn.resolve();
  const end = async (operation: string) => (await companion.cloud.operations.finished(operation)).state;
  assert.equal(await end(newer.operationId), 'succeeded', 'it is not overtaken');
  assert.equal(await end(first.operation ?? ''), 'cancelled', 'the second stands for it');
  assert.equal(await end(second.operation ?? ''), 'succeeded');
  assert.equal((await companion.client.apps.get.query({ name: 'busy' })).image, 'busy:2');
  const env = await environment('busy');
  assert.deepEqual([env.A, env.B], ['1', '2']);

  const again = Promise.withResolvers<void>();
  await companion.cloud.operations.start({ ...hold, appId: id, run: () => again.promise });
  const failing = manifest('busy', 'env: { BREAK: "yes" }\n');
  const bad = await companion.client.deploys.start.mutate({ manifest: failing });
  const after = await companion.client.config.set.mutate({ app: 'busy', set: vars({ C: '3' }) });
  again.resolve();
  assert.equal(await end(bad.operationId), 'failed');
  const ended = await companion.cloud.operations.finished(after.operation ?? '');
  assert.match(ended.problem?.what ?? '', /stored and not deployed/);
  assert.equal((await environment('busy')).C, undefined);
});

test('what can not be set is refused with nothing changed, and no value in the answer', async () => {
  await deployed('bad', 'needs: [database]\n');
  const value = 'hidden-in-no-answer';
  const table: [string, Set, RegExp][] = [
    ['invalid_input', { app: 'bad', set: vars({ 'NOT-A-NAME': value }) }, /A name is letters/],
    ['invalid_input', { app: 'bad', set: vars({ MINICLOUD_APP: value }) }, /Minicloud sets/],
    ['invalid_input', { app: 'bad', set: vars({ PORT: value }) }, /Minicloud sets/],
    ['invalid_input', { app: 'bad', set: vars({ A: `${value}\0` }) }, /NUL/],
    ['invalid_input', { app: 'bad', set: vars({ A: value.repeat(4000) }) }, /the most is 65536/],
    ['invalid_input', { app: 'bad', set: vars({ A: value }), unset: ['A'] }, /named twice/],
    ['conflict', { app: 'bad', set: vars({ DATABASE_URL: value }) }, /needs: database/],
    ['conflict', { app: 'bad', set: vars({ A: value }), expectVersion: 3 }, /Version 0 is stored; you saw 3/],
    [
      'invalid_input',
      {
        app: 'bad',
        set: Array.from({ length: 1001 }, (_, n) => ({ name: `A${n}`, value: '', kind: 'config' as const })),
      },
      /the most is 1000/,
    ],
  ];
  for (const [code, input, words] of table) {
    const outcome = await refused(input);
    assert.equal(outcome.code, code, outcome.text.slice(0, 500));
    assert.match(outcome.text, words);
    assert.ok(!outcome.text.includes(value), outcome.text.slice(0, 500));
  }
  assert.equal((await companion.client.config.list.query({ app: 'bad' })).version, 0);
  await set({ app: 'bad', set: vars({ OTHER_URL: 'x' }), deploy: false });
  const taken = { manifest: manifest('bad', 'needs: [{ database: { env: OTHER_URL } }]\n') };
  assert.equal((await companion.call('plans.create', 'mutation', taken, { token: companion.admin })).code, 'conflict');
});

test('data that would go with a container is not lost by setting a variable', async () => {
  companion.engine.seedImage('keeping:1', { volumes: ['/data'] });
  const operation = await companion.deploy(manifest('keeper'), 'keeping:1');
  assert.equal(operation.state, 'succeeded');
  const outcome = await refused({ app: 'keeper', set: vars({ A: 'x' }) });
  assert.equal(outcome.code, 'conflict');
  assert.match(outcome.problem?.why ?? '', /data at \/data/);
  assert.equal((await companion.client.config.list.query({ app: 'keeper' })).version, 0);
});

test('the same request is carried out once, and its key is for these values alone', async () => {
  await deployed('once');
  const input = { app: 'once', set: vars({ A: 'x' }), idempotencyKey: 'the-same-key' };
  const [one, two] = [await set(input), await set(input)];
  assert.deepEqual(two, one);
  assert.equal((await releases('once')).length, 2);
  assert.equal((await refused({ ...input, set: vars({ A: 'y' }) })).code, 'conflict');
});

test('a preview tells what would be, and changes nothing', async () => {
  await deployed('seen');
  await set({ app: 'seen', set: vars({ A: 'x', B: 'x', C: 'x' }) });
  const { version, names } = await companion.client.config.preview.mutate({
    app: 'seen',
    set: vars({ A: 'x', B: 'y', D: 'x' }),
    unset: ['C', 'NEVER'],
  });
  assert.deepEqual(
    [version, ...names.map(({ name, change }) => `${name} ${change}`)],
    [1, 'A same', 'B changed', 'D new', 'C removed', 'NEVER same'],
  );
  assert.equal((await companion.client.config.list.query({ app: 'seen' })).version, 1);
});

test('config goes to the trash with its app, comes back with it, and ends with its data', async () => {
  await deployed('gone');
  await set({ app: 'gone', set: vars({ A: 'x' }) });
  await set({ app: 'gone', set: vars({ A: 'y' }) });
  const remove = async () => {
    const { operationId } = await companion.client.apps.delete.mutate({ name: 'gone', confirm: 'gone' });
    assert.equal((await companion.cloud.operations.finished(operationId)).state, 'succeeded');
  };
  await remove();
  const [kept] = await companion.client.apps.deleted.query();
  assert.deepEqual(kept?.config, [{ name: 'A', kind: 'config' }]);
  await companion.client.apps.restore.mutate({ name: 'gone' });
  await deployed('gone');
  assert.equal((await environment('gone')).A, 'y');
  await remove();
  companion.pass(8 * 86_400_000);
  const { sweepTrash } = await import('../trash/trash.ts');
  await sweepTrash(companion.cloud);
  const rows = await companion.cloud.db
    .selectFrom('configs')
    .selectAll()
    .where('app_id', '=', kept?.id ?? '')
    .execute();
  assert.deepEqual(rows, []);
});

test('a token for some apps learns no name of others', async () => {
  await deployed('mine');
  await set({ app: 'mine', set: vars({ MINE_A: 'x' }) });
  const { value } = await companion.token('read', { apps: ['mine'] });
  const facts = await companion.clientOf(value).system.facts.query({ app: 'mine' });
  assert.deepEqual([facts.config, facts.secrets], [{ mine: ['MINE_A'] }, {}]);
});
