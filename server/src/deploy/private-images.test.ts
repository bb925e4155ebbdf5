/** Who gets images with the logins of the server, and what is said of these logins to whom. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { ProblemError } from 'minicloud-shared/model/problem';
import { type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';

const credentials = { username: 'robot', password: 'Summer2026!' };
const auth = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
const own = 'private.example.com/me/shop';
const others = 'private.example.com/other-team/payroll';
const places = ['DOCKER_CONFIG', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME'] as const;
const earlier = places.map((name) => [name, process.env[name]] as const);

let folder: string;
let companion: MemoryCompanion;
let limited: string;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'minicloud-logins-'));
  for (const name of places) process.env[name] = folder;
  companion = await startMemoryCompanion();
  for (const image of [`${own}:1`, `${own}:2`, `${own}-cache:1`, `${own}-cache:2`, `${others}:1`, `${others}:2`])
    companion.engine.seedImage(image, { credentials });
  limited = (await companion.token('deploy', { apps: ['shop'] })).value;
});
beforeEach(() => writeLogin(auth));
after(async () => {
  await companion?.stop();
  for (const [name, value] of earlier) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await rm(folder, { recursive: true, force: true });
});

const writeLogin = (value: string) =>
  writeFile(path.join(folder, 'config.json'), JSON.stringify({ auths: { 'private.example.com': { auth: value } } }));
const manifest = (image: string, support?: string) =>
  `name: shop\nimage: ${image}\nexpose: [{ port: 80 }]\n${support ? `support: { cache: { image: ${support} } }\n` : ''}`;
const plan = (text: string, token: string) => companion.call('plans.create', 'mutation', { manifest: text }, { token });
const nobodysDetails = (text: string) => {
  for (const detail of [credentials.username, folder, 'docker login', 'the user that runs'])
    assert.ok(!text.includes(detail), `it tells ${detail}: ${text}`);
};

test('who is limited to an app gets with a login only what that app was deployed with', async () => {
  for (const image of [`${own}:1`, `${others}:1`]) {
    const refused = await plan(manifest(image), limited);
    assert.equal(refused.code, 'registry_denied');
    assert.match(refused.problem?.remedy ?? '', /administrator .* has to deploy it first/);
    nobodysDetails(refused.text);
  }
  assert.equal((await companion.deploy(manifest(`${own}:1`, `${own}-cache:1`))).state, 'succeeded');
  assert.equal((await plan(manifest(`${own}:2`, `${own}-cache:2`), limited)).code, 'ok');
  assert.equal((await plan(manifest(`${others}:1`), limited)).code, 'registry_denied');
  assert.equal((await plan(manifest(`${own}:2`, `${others}:1`), limited)).code, 'registry_denied');
  const image = { image: `${others}:1` };
  assert.equal((await companion.call('plans.create', 'mutation', image, { token: limited })).code, 'registry_denied');
  const start = { manifest: manifest(`${others}:1`) };
  assert.equal((await companion.call('deploys.start', 'mutation', start, { token: limited })).code, 'registry_denied');
});

test('what another app has on this machine is no way to it, nor to a login for it', async () => {
  const payroll = manifest(`${others}:1`).replace('shop', 'payroll');
  assert.equal((await companion.deploy(payroll)).state, 'succeeded');
  assert.equal((await plan(manifest(`${others}:1`), limited)).code, 'registry_denied');
  const byDigest = `${others}@sha256:${'0f'.repeat(32)}`;
  companion.engine.seedImage(byDigest, { credentials, local: true });
  assert.equal((await plan(manifest(byDigest), limited)).code, 'registry_denied');
  assert.equal((await plan(manifest(byDigest), companion.admin)).code, 'ok');
  assert.equal((await companion.deploy(payroll.replace(`${others}:1`, byDigest))).state, 'succeeded');
  // An engine that can not tell what was built here gives what is here where a registry refuses.
  companion.engine.capabilities.tellsBuiltImages = false;
  try {
    assert.equal((await plan(manifest(`${others}:1`), limited)).code, 'registry_denied');
  } finally {
    companion.engine.capabilities.tellsBuiltImages = true;
  }
});

test('while a registry is silent nobody gets what is here for others', async () => {
  const { world } = companion.engine;
  world.intercept = async (call, object) => {
    if (call !== 'pullImage') return;
    throw new ProblemError({ code: 'registry_unreachable', what: 'No pull', object, why: 'i/o timeout', remedy: '' });
  };
  try {
    const payroll = manifest(`${others}:1`);
    assert.equal((await plan(payroll, companion.admin)).code, 'ok');
    assert.equal((await plan(payroll, limited)).code, 'registry_unreachable');
    assert.equal((await plan(manifest(`${own}:1`), limited)).code, 'ok');
  } finally {
    delete world.intercept;
    companion.pass(120_000);
  }
});

test('what was built on this machine is deployed by everybody, and opens no repository of that name', async () => {
  const tool = 'private.example.com/other-team/tool';
  const { id } = companion.engine.seedImage(`${tool}:1`, { credentials, local: true });
  companion.engine.seedImage(`${tool}:2`, { credentials });
  const built = companion.engine.world.images.get(id);
  assert.ok(built);
  built.info.digest = id;
  const started = await companion.clientOf(limited).deploys.start.mutate({ manifest: manifest(`${tool}:1`) });
  assert.equal((await companion.cloud.operations.finished(started.operationId)).state, 'succeeded');
  assert.equal((await plan(manifest(`${tool}:2`), limited)).code, 'registry_denied');
});

test('whose login was refused is told only to who is limited to no app', async () => {
  await writeLogin(Buffer.from('robot:Winter2025!').toString('base64'));
  const told = await plan(manifest(`${own}:1`), companion.admin);
  assert.match(told.problem?.why ?? '', /refused the login of robot from .*config\.json/);
  const refused = await plan(manifest(`${own}:1`), limited);
  assert.equal(refused.problem?.why, 'private.example.com refused the login of the server.');
  assert.match(refused.problem?.remedy ?? '', /ask an administrator/);
  nobodysDetails(refused.text);
  await rm(path.join(folder, 'config.json'));
  const without = await plan(manifest(`${own}:1`), limited);
  assert.equal(without.problem?.why, 'The server has no login for private.example.com.');
  nobodysDetails(without.text);
});

test('a release whose image is gone gets it back with the login; of a refusal no details are kept', async () => {
  const { world } = companion.engine;
  const deployWhileGone = async (login: string) => {
    world.intercept = async (call, reference) => {
      // By its id it is looked for right before containers are made of it.
      if (call !== 'inspectImage' || !reference.startsWith('sha256:')) return;
      delete world.intercept;
      for (const [name, id] of world.tags) if (name === `${own}:2`) world.images.delete(id);
      await writeLogin(login);
    };
    return companion.deploy(manifest(`${own}:2`));
  };
  const { problem } = await deployWhileGone(Buffer.from('robot:Winter2025!').toString('base64'));
  assert.equal(problem?.why, 'private.example.com refused the login of the server.');
  nobodysDetails(JSON.stringify(problem));
  await writeLogin(auth);
  assert.equal((await deployWhileGone(auth)).state, 'succeeded');
});

test('what apps print is no way to try passwords of registries', async () => {
  assert.equal((await companion.deploy(manifest(`${own}:1`))).state, 'succeeded');
  const containers = await companion.engine.listContainers({});
  const shop = containers.find(({ labels }) => labels['minicloud.app-name'] === 'shop');
  assert.ok(shop);
  for (const guess of ['Winter2025!', credentials.password]) companion.engine.printLog(shop.id, `guess ${guess}`);
  const { text } = await companion.call('logs.tail', 'query', { app: 'shop' }, { token: limited });
  assert.match(text, /guess Winter2025!/);
  assert.match(text, /guess Summer2026!/);
});
