/** What `docker login` and `podman login` left is found for the registry that it is for, and for no other. */
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { ProblemError } from 'minicloud-shared/model/problem';
import { findLogin, withLogins } from './logins.ts';
import { createMemoryEngine } from './memory.ts';

const base = await mkdtemp(join(tmpdir(), 'minicloud-logins-'));
after(() => rm(base, { recursive: true, force: true }));
let home = '';
let count = 0;
beforeEach(() => {
  count += 1;
  home = join(base, `home-${count}`);
});

const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') });
async function write(file: string, content: unknown): Promise<void> {
  const path = join(home, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
}
const owner = (env: Record<string, string> = {}) => ({ user: 'me', uid: 4242, home, env });
async function found(repository: string, env: Record<string, string> = {}): Promise<string | undefined> {
  const { login } = await findLogin(repository, owner(env));
  return login && `${login.credentials.username}:${login.credentials.password} ${login.from.replace(home, '')}`;
}

test('a login is for its registry alone', async () => {
  await write('.docker/config.json', {
    auths: {
      'https://index.docker.io/v1/': auth('hub:a:b'),
      'registry.example.com:5000': auth('mine:secret'),
      'https://old.example.com/v2/': { username: 'old', password: 'style' },
      'empty.example.com': {},
    },
  });
  assert.equal(await found('docker.io/library/redis'), 'hub:a:b /.docker/config.json');
  assert.equal(await found('registry.example.com:5000/me/shop'), 'mine:secret /.docker/config.json');
  assert.equal(await found('old.example.com/x'), 'old:style /.docker/config.json');
  for (const other of ['registry.example.com/me/shop', 'example.com/x', 'empty.example.com/x', 'quay.io/docker.io/x'])
    assert.equal(await found(other), undefined, other);
});

test('the nearest part of a path wins, as Podman has it; places are looked through in order', async () => {
  await write('.config/containers/auth.json', { auths: { 'quay.io': auth('all:1'), 'quay.io/team': auth('team:2') } });
  assert.equal(await found('quay.io/team/shop'), 'team:2 /.config/containers/auth.json');
  assert.equal(await found('quay.io/teams/shop'), 'all:1 /.config/containers/auth.json');
  await write('run/containers/auth.json', { auths: { 'quay.io': auth('run:3') } });
  assert.equal(await found('quay.io/x', { XDG_RUNTIME_DIR: join(home, 'run') }), 'run:3 /run/containers/auth.json');
  await write('elsewhere/config.json', { auths: { 'quay.io': auth('docker:4') } });
  const env = { DOCKER_CONFIG: join(home, 'elsewhere'), XDG_RUNTIME_DIR: join(home, 'run') };
  assert.equal(await found('quay.io/x', env), 'docker:4 /elsewhere/config.json');
});

test('a helper is asked by its registry, and gets none of the settings of Minicloud', async () => {
  await write('.docker/config.json', { credsStore: 'all', credHelpers: { 'gcr.io': 'one' } });
  const helper = (answer: string) =>
    `#!/bin/sh\n[ "$1" = get ] && [ -z "$MINICLOUD_X" ] && [ "$KEY" = yes ] || exit 9\nread -r server\n${answer}\n`;
  await write(
    'bin/docker-credential-one',
    helper('echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"for $server\\"}"'),
  );
  await write('bin/docker-credential-all', helper('echo credentials not found in native keychain; exit 1'));
  for (const name of ['one', 'all']) await chmod(join(home, `bin/docker-credential-${name}`), 0o755);
  const env = { PATH: `${join(home, 'bin')}:${process.env.PATH}`, KEY: 'yes', MINICLOUD_X: 'no' };
  assert.equal(await found('gcr.io/a/b', env), '<token>:for gcr.io docker-credential-one');
  assert.equal((await findLogin('gcr.io/a', owner(env))).login?.credentials.identity, true);
  assert.deepEqual(await findLogin('docker.io/a/b', owner(env)), { troubles: [] });
  const { login, troubles } = await findLogin('gcr.io/a', owner({ PATH: '/nothing' }));
  assert.equal(login, undefined);
  assert.match(troubles.join(), /docker-credential-one could not be asked/);
});

test('a place that can not be read is told, and is no reason not to look further', async () => {
  await write('.docker/config.json', '{ "auths": 1 }');
  assert.equal(await found('quay.io/x'), undefined);
  assert.match((await findLogin('quay.io/x', owner())).troubles.join(), /config\.json could not be read/);
  await write('.config/containers/auth.json', { auths: { 'quay.io': auth('me:1') } });
  assert.equal(await found('quay.io/x'), 'me:1 /.config/containers/auth.json');
});

test('a pull has the login of its registry, read anew; one that is refused is told without its password', async () => {
  const bare = createMemoryEngine({ installation: 'i' });
  bare.seedImage('registry.example.com/me/shop:1', { credentials: { username: 'me', password: 'right-password' } });
  const engine = withLogins(bare, owner);
  const refused = async () => {
    const error: unknown = await engine.pullImage('registry.example.com/me/shop:1').catch((cause: unknown) => cause);
    assert.ok(error instanceof ProblemError);
    assert.equal(error.problem.code, 'registry_denied');
    assert.doesNotMatch(JSON.stringify(error.problem), /password/);
    return error.problem;
  };
  const without = await refused();
  assert.match(without.why, /No login for registry\.example\.com was found\./);
  assert.match(without.remedy, /`docker login registry\.example\.com` .* as the user that runs Minicloud \(me\)/);
  await write('.docker/config.json', { auths: { 'registry.example.com': auth('me:wrong-password') } });
  const wrong = await refused();
  assert.match(wrong.why, /^registry\.example\.com refused the login of me from .*\/\.docker\/config\.json: /);
  assert.match(wrong.remedy, /docker login registry\.example\.com/);
  await write('.docker/config.json', { auths: { 'registry.example.com': auth('me:right-password') } });
  assert.match((await engine.pullImage('registry.example.com/me/shop:1')).id, /^sha256:/);
  assert.ok('seedImage' in engine, 'it is the engine that it was in all else');
});

test('a name that only begins or ends like one that has a login gets none', async () => {
  await write('.docker/config.json', {
    auths: {
      'https://index.docker.io.evil.example/v1/': auth('other:1'),
      'gitlab.example.com/v2': auth('part:2'),
      'https://whole.example.com/v2': auth('whole:3'),
      'registry-1.docker.io': auth('hub:4'),
    },
  });
  assert.equal(await found('docker.io.evil.example/x'), undefined);
  assert.equal(await found('index.docker.io.evil.example/x'), 'other:1 /.docker/config.json');
  assert.equal(await found('gitlab.example.com/team/shop'), undefined);
  assert.equal(await found('gitlab.example.com/v2/shop'), 'part:2 /.docker/config.json');
  assert.equal(await found('whole.example.com/team/shop'), 'whole:3 /.docker/config.json');
  assert.equal(await found('docker.io/library/redis'), 'hub:4 /.docker/config.json');
});

test('what the registry says is told without the password, unless whoever asks wrote it', async () => {
  await write('.docker/config.json', { auths: { 'registry.example.com': auth('me:right-password') } });
  const bare = createMemoryEngine({ installation: 'i' });
  bare.world.intercept = async (_call, object) => {
    const why = `500 Internal Server Error for ${object}: ${Buffer.from('me:right-password').toString('base64')}`;
    throw new ProblemError({ code: 'engine_failed', what: 'No pull', object, why, remedy: '' });
  };
  const told = async (reference: string) => {
    const error: unknown = await withLogins(bare, owner)
      .pullImage(reference)
      .catch((cause: unknown) => cause);
    assert.ok(error instanceof ProblemError);
    return error.problem.why;
  };
  assert.match(await told('registry.example.com/shop:1'), /shop:1: \[redacted\]=?$/);
  assert.match(await told('registry.example.com/shop:wrong-password'), /shop:wrong-password: /);
  assert.match(await told('registry.example.com/shop:right-password'), /shop:right-password: /);
});
