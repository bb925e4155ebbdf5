import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { ProblemError } from 'minicloud-shared/model/problem';
import { UsageProblem } from './exit-codes.ts';
import { noServers, readSaved, savedPath, withoutServer, withServer, writeSaved } from './servers.ts';
import { findTarget, parseServerUrl } from './target.ts';

const root = await mkdtemp(path.join(tmpdir(), 'minicloud-cli-'));
after(() => rm(root, { recursive: true, force: true }));
let folders = 0;
async function emptyHome(): Promise<string> {
  folders += 1;
  const home = path.join(root, `home${folders}`);
  await mkdir(home);
  return home;
}
const silent = () => assert.fail('nothing was to be warned of');
const modeOf = async (file: string) => (await stat(file)).mode & 0o777;
const server = { url: 'https://a.example', token: 'mc_user_a_secret', addedAt: 1 };

test('saved servers can be read by their owner alone, whatever the umask', async () => {
  const before = process.umask(0);
  try {
    const file = savedPath({}, await emptyHome());
    await writeSaved(file, withServer(noServers, server));
    assert.equal(await modeOf(file), 0o600);
    assert.equal(await modeOf(path.dirname(file)), 0o700);
    assert.deepEqual(await readdir(path.dirname(file)), ['config.json'], 'no temporary file stays');
    assert.deepEqual(await readSaved(file, silent), { version: 1, default: server.url, servers: [server] });
  } finally {
    process.umask(before);
  }
});

test('a file that others can read is closed, and that is told', async () => {
  const file = savedPath({}, await emptyHome());
  await writeSaved(file, withServer(noServers, server));
  await chmod(file, 0o644);
  const warned: string[] = [];
  await readSaved(file, (line) => warned.push(line));
  assert.equal(await modeOf(file), 0o600);
  assert.match(warned.join(), /could be read by others/);
});

test('a damaged file is told by name, without its tokens', async () => {
  const home = await emptyHome();
  const file = savedPath({ XDG_CONFIG_HOME: home }, '/nowhere');
  assert.equal(file, path.join(home, 'minicloud/config.json'));
  await mkdir(path.dirname(file));
  for (const text of [
    '{"servers": "mc_user_a_secret',
    '{"version":1,"servers":[{"url":7,"token":"mc_user_a_secret"}]}',
    '[]',
  ]) {
    await writeFile(file, text, { mode: 0o600 });
    await assert.rejects(readSaved(file, silent), (error: unknown) => {
      assert.ok(error instanceof ProblemError);
      const { object, why, remedy } = error.problem;
      assert.equal(object, file);
      assert.doesNotMatch(`${why}${remedy}${error.message}`, /secret/);
      return true;
    });
  }
});

test('the newest server is the default, and the one before it when that is forgotten', () => {
  const other = { ...server, url: 'https://b.example' };
  const both = withServer(withServer(noServers, server), other);
  assert.equal(both.default, other.url);
  const again = withServer(both, { ...server, token: 'new' });
  assert.deepEqual(
    again.servers.map(({ url, token }) => [url, token]),
    [
      [other.url, server.token],
      [server.url, 'new'],
    ],
  );
  assert.equal(withoutServer(both, other.url).default, server.url);
  assert.equal(withoutServer(both, server.url).default, other.url);
  assert.deepEqual(withoutServer(withoutServer(both, other.url), server.url), { version: 1, servers: [] });
});

test('addresses are made one of a kind', () => {
  assert.equal(parseServerUrl('127.0.0.1:9443'), 'http://127.0.0.1:9443');
  assert.equal(parseServerUrl('localhost:9443/'), 'http://localhost:9443');
  assert.equal(parseServerUrl('cloud.example.com'), 'https://cloud.example.com');
  assert.equal(parseServerUrl(' HTTPS://Cloud.Example.com:443/api// '), 'https://cloud.example.com/api');
  assert.equal(parseServerUrl('http://[::1]:9443'), 'http://[::1]:9443');
  for (const bad of ['', 'ftp://x', 'http://', 'https://user:secret@x']) {
    assert.throws(
      () => parseServerUrl(bad),
      (error: unknown) => error instanceof UsageProblem && !error.message.includes('secret'),
      bad,
    );
  }
});

async function here(ready?: { apiUrl: string; token: string }) {
  const home = await emptyHome();
  const deep = path.join(home, 'a/b');
  await mkdir(deep, { recursive: true });
  if (ready) {
    await mkdir(path.join(home, '.minicloud'));
    await writeFile(
      path.join(home, '.minicloud/ready.json'),
      JSON.stringify({ ...ready, caCertificate: '', apps: [] }),
    );
  }
  return (env: NodeJS.ProcessEnv = {}, apiUrl?: string) => findTarget({ apiUrl, env, cwd: deep, home, warn: silent });
}
const ready = { apiUrl: 'http://127.0.0.1:9443', token: 'ready' };

test('a companion started in a folder above is used when nothing else is said', async () => {
  const find = await here(ready);
  const { url, token, from } = await find();
  assert.deepEqual([url, token], [ready.apiUrl, ready.token]);
  assert.match(from, /\.minicloud\/ready\.json$/);
  await assert.rejects((await here())(), UsageProblem);
});

test('the order is: option, environment, login, started here', async () => {
  const home = await emptyHome();
  await mkdir(path.join(home, '.minicloud'));
  await writeFile(path.join(home, '.minicloud/ready.json'), JSON.stringify(ready));
  await writeSaved(savedPath({}, home), withServer(noServers, server));
  const find = (env: NodeJS.ProcessEnv, apiUrl?: string) => findTarget({ apiUrl, env, cwd: home, home, warn: silent });
  assert.equal((await find({})).url, server.url);
  assert.equal((await find({ MINICLOUD_API_URL: 'https://c.example' })).url, 'https://c.example');
  assert.equal((await find({ MINICLOUD_API_URL: 'https://c.example' }, 'https://d.example')).url, 'https://d.example');
  assert.equal((await find({ MINICLOUD_TOKEN: 'x' })).token, 'x');
});

test('a token is never sent to a server that it is not of', async () => {
  const find = await here(ready);
  assert.equal((await find({}, 'https://evil.example')).token, undefined);
  assert.equal((await find({ MINICLOUD_API_URL: 'https://evil.example' })).token, undefined);
  assert.equal((await find({}, '127.0.0.1:9443/')).token, ready.token);
});

test('the file of somebody else decides nothing', async () => {
  const home = await emptyHome();
  await mkdir(path.join(home, '.minicloud'));
  await writeFile(path.join(home, '.minicloud/ready.json'), JSON.stringify(ready));
  const { uid } = await stat(home);
  const find = (owner: number) => findTarget({ env: {}, cwd: home, home, uid: owner, warn: silent });
  assert.equal((await find(uid)).url, ready.apiUrl);
  await assert.rejects(find(uid + 1), UsageProblem);
});

test('a file that is damaged is told by name, and no server of a folder above is used in its place', async () => {
  const home = await emptyHome();
  const inner = path.join(home, 'inner');
  for (const folder of [home, inner]) await mkdir(path.join(folder, '.minicloud'), { recursive: true });
  await writeFile(path.join(home, '.minicloud/ready.json'), JSON.stringify(ready));
  const file = path.join(inner, '.minicloud/ready.json');
  const find = (apiUrl?: string) => findTarget({ apiUrl, env: {}, cwd: inner, home, warn: silent });
  for (const text of [
    '',
    '{"apiUrl": "http://127.0.0.1:1", "token": "secret',
    JSON.stringify({ apiUrl: 'http://::1:9443', token: 'secret' }),
    JSON.stringify({ apiUrl: 'http://127.0.0.1:9443' }),
  ]) {
    await writeFile(file, text);
    await assert.rejects(find(), (error: unknown) => {
      assert.ok(error instanceof ProblemError, text);
      assert.equal(error.problem.object, file);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
    assert.equal((await find('https://c.example')).url, 'https://c.example', 'who names a server means that one');
  }
});

test('the token of the environment is not sent to an address that stands in a folder', async () => {
  const home = await emptyHome();
  const file = path.join(home, '.minicloud/ready.json');
  await mkdir(path.dirname(file));
  await writeFile(file, JSON.stringify(ready));
  const warned: string[] = [];
  const env = { MINICLOUD_TOKEN: 'mc_user_secret' };
  const find = (given: NodeJS.ProcessEnv) =>
    findTarget({ env: given, cwd: home, home, warn: (line) => warned.push(line) });
  assert.deepEqual(await find(env), { url: ready.apiUrl, from: file, token: ready.token });
  assert.match(warned.join(), /^MINICLOUD_TOKEN is not sent .*MINICLOUD_API_URL=http:\/\/127\.0\.0\.1:9443/);
  const named = await find({ ...env, MINICLOUD_API_URL: ready.apiUrl });
  assert.deepEqual([named.token, warned.length], ['mc_user_secret', 1]);
});

test('who sets a token and no address is told what to set', async () => {
  const find = await here();
  await assert.rejects(find({ MINICLOUD_TOKEN: 'mc_user_secret' }), (error: unknown) => {
    assert.ok(error instanceof UsageProblem);
    assert.match(`${error.problem.why} ${error.problem.remedy}`, /MINICLOUD_TOKEN is set.*Set MINICLOUD_API_URL/);
    return true;
  });
});

const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
const addresses: [apiUrl: string, used: boolean][] = [
  ['http://localhost:9443', true],
  ['http://[::1]:9443', true],
  ...own.flatMap(({ address, family }): [string, boolean][] =>
    family === 'IPv4' ? [[`http://${address}:9443`, true]] : [],
  ),
  ['https://evil.example', false],
  ['http://127.0.0.1.evil.example:9443', false],
  ['http://evil.localhost:9443', false],
  ['http://203.0.113.9:9443', false],
];
for (const [apiUrl, used] of addresses) {
  test(`a file in a folder ${used ? 'may name' : 'names in vain'} ${apiUrl}`, async () => {
    const find = (await here({ apiUrl, token: 'ready' }))();
    if (used) assert.equal((await find).url, apiUrl);
    else await assert.rejects(find, /can not be used/);
  });
}

test('a file that is a link, or that others can write to, decides nothing', async () => {
  const home = await emptyHome();
  const file = path.join(home, '.minicloud/ready.json');
  await mkdir(path.dirname(file));
  await writeFile(file, JSON.stringify(ready), { mode: 0o600 });
  const find = () => findTarget({ env: {}, cwd: home, home, warn: silent });
  for (const mode of [0o620, 0o602]) {
    await chmod(file, mode);
    await assert.rejects(find(), UsageProblem, mode.toString(8));
  }
  await chmod(file, 0o600);
  assert.equal((await find()).url, ready.apiUrl);
  await rename(file, path.join(home, 'elsewhere.json'));
  await symlink(path.join(home, 'elsewhere.json'), file);
  await assert.rejects(find(), UsageProblem);
});
