/** Registries of private images, and those that refuse, miss or say nothing: what serves goes on, and the cause is told. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { describeError } from 'minicloud-shared/client/describe-error';
import { type Lab, requireEnv, startLab } from '../harness/companion.ts';
import { registryUser, startRegistry, type TestRegistry } from '../harness/registry.ts';

const host = 'private.localhost';
let lab: Lab;
let registry: TestRegistry;
let logins: string;
let image: string;
before(async () => {
  logins = await mkdtemp(path.join(tmpdir(), 'minicloud-logins-'));
  registry = await startRegistry({ guarded: true });
  image = await registry.push(requireEnv('MINICLOUD_TEST_DOCKER'), 'minicloud-test/app:1', 'me/private:1');
  lab = await startLab({
    block: 192,
    env: { DOCKER_CONFIG: logins, XDG_RUNTIME_DIR: logins, XDG_CONFIG_HOME: logins },
  });
});
after(async () => {
  const { engine } = lab;
  await lab.remove();
  await engine.removeImage(image).catch(() => {});
  await registry.close();
  await rm(logins, { recursive: true, force: true });
});

/** As `docker login` writes it. */
async function login(password: string): Promise<void> {
  const auth = Buffer.from(`${registryUser.username}:${password}`).toString('base64');
  await writeFile(path.join(logins, 'config.json'), JSON.stringify({ auths: { [registry.address]: { auth } } }));
}

const deploy = (reference: string) => lab.deploy(`name: private\nimage: ${reference}\nexpose: [{ port: 8080 }]\n`);
async function refused(reference: string) {
  const problem = await deploy(reference).then(
    (operation) => operation.problem,
    (error: unknown) => describeError(error),
  );
  assert.ok(problem, 'it did not fail');
  return problem;
}
const serves = async (release: string) =>
  assert.equal((JSON.parse((await lab.get(host)).text) as { release: string }).release, release);

test('a private image is deployed with the login of the server, which is read anew; a wrong one is told', async () => {
  const without = await refused(image);
  assert.equal(without.code, 'registry_denied', JSON.stringify(without));
  assert.match(without.remedy, new RegExp(`docker login ${registry.address}`));
  await login(registryUser.password);
  const operation = await deploy(image);
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  await serves('1');

  await login('hunter2-hunter2');
  const wrong = await refused(image);
  assert.equal(wrong.code, 'registry_denied', JSON.stringify(wrong));
  assert.match(wrong.why, new RegExp(`^${registry.address} refused the login of me from .*config.json`));
  assert.doesNotMatch(`${JSON.stringify(wrong)}${lab.log()}`, /hunter2|correct-horse/);
  await serves('1');
});

test('an image that is not there, and a registry that says nothing', async () => {
  await login(registryUser.password);
  const missing = await refused(`${registry.address}/me/private:2`);
  assert.equal(missing.code, 'image_not_found', JSON.stringify(missing));
  await serves('1');
  registry.behave(() => 'mute');
  const mute = await refused(`${registry.address}/me/other:1`);
  assert.equal(mute.code, 'registry_unreachable', JSON.stringify(mute));
  await serves('1');
  registry.behave(() => 'pass');
});

test('what is asked of another registry carries no login', async () => {
  await login(registryUser.password);
  const other = await startRegistry();
  let carried: string | undefined;
  other.behave(({ authorization }) => {
    carried ??= authorization;
    return 'pass';
  });
  try {
    assert.equal((await refused(`${other.address}/me/private:1`)).code, 'image_not_found');
    assert.equal(carried, undefined);
  } finally {
    await other.close();
  }
});
