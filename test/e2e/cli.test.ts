/** The command line against a real companion: every command, what it prints, what it exits with. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import {
  apiUrl,
  engine,
  expect,
  folder,
  freePort,
  node,
  repository,
  root,
  start,
  token,
  work,
  world,
} from './cli-lab.ts';

test('a first look: every empty state says what to do next', async () => {
  const status = await expect(0, ['status']);
  assert.match(status.out, /All is well/);
  assert.match(status.out, /ready\.json/);
  const apps = await expect(0, ['apps']);
  assert.match(apps.out, /no apps yet.*minicloud deploy/);
  assert.deepEqual(JSON.parse((await expect(0, ['apps', '--json'])).out), { apps: [] });
  assert.match((await expect(0, ['operations'])).out, /Nothing was done here yet/);
});

test('readers that go away: what only tells ends, what changes something is carried to its end', async () => {
  const place = await folder('unread', ['env: { MODE: logs }']);
  const unread = async (args: string[], streams: readonly ('stdout' | 'stderr')[]) => {
    const { child, ended } = start(args);
    for (const name of streams) child[name]?.destroy();
    return ended;
  };
  const deployed = await unread(['deploy', place, '--yes'], ['stdout', 'stderr']);
  assert.deepEqual([deployed.code, deployed.signal], [0, null]);
  const info = JSON.parse((await expect(0, ['apps:info', 'unread', '--json'])).out) as { app: { release: number } };
  assert.equal(info.app.release, 1, 'it was deployed, as its exit code said');
  const failing = await folder('unread-failing', [
    'env: { MODE: fail }',
    'healthcheck: { path: /, port: 80, grace: 1s, interval: 1s, retries: 1 }',
  ]);
  assert.equal((await unread(['deploy', failing, '--yes'], ['stdout'])).code, 1, 'a failure is told all the same');
  for (const args of [['schema'], ['apps', '--json'], ['logs', 'unread', '-f'], ['help'], ['releases', 'unread']]) {
    const ended = await unread(args, ['stdout']);
    assert.deepEqual([ended.code, ended.err], [0, ''], args.join(' '));
  }
  for (const name of ['unread', 'unread-failing']) await expect(0, ['apps:delete', name, '--confirm', name]);
});

test('from a plan to a deploy, a second release, a rollback and the end', async () => {
  const place = await folder('life', ['env: { MODE: logs }']);
  const planned = await expect(0, ['plan', place]);
  assert.match(planned.out, /Plan for life: first release/);
  assert.match(planned.out, /\+ +image +docker\.io\/me\/app:1/);
  assert.doesNotMatch(planned.out + planned.err, /\u001b/, 'no colours and no cursor in a pipe');
  assert.equal((await expect(0, ['apps', '--names'])).out, '', 'a plan makes nothing');

  const deployed = await expect(0, ['deploy', place, '--yes']);
  assert.match(deployed.out, /life is live: release 1/);
  assert.match(deployed.out, /https:\/\/life\.localhost:\d+\//);
  assert.match(deployed.out, /total +\d/);
  assert.match(deployed.err, /started +Start 1 replica of web|done +Start 1 replica of web/);
  assert.doesNotMatch(deployed.out + deployed.err, /\u001b/);

  const second = JSON.parse(
    (await expect(0, ['deploy', 'life', '--image', 'docker.io/me/app:2', '--yes', '--json'])).out,
  );
  assert.equal(second.plan.fromRelease, 1);
  assert.equal(second.operation.state, 'succeeded');
  assert.equal(second.release.version, 2);
  assert.equal(second.release.receipt.probes.failed, 0);
  assert.equal(second.urls.length, 1);

  const back = await expect(0, ['rollback', 'life', '--yes']);
  assert.match(back.out, /Plan for life: release 2 → 3\n +once more what release 1 was\n/);
  assert.match(back.out, /~ +image +docker\.io\/me\/app:2 .* → docker\.io\/me\/app:1 /);
  assert.match(back.out, /life is live: release 3/);
  const { releases } = JSON.parse((await expect(0, ['releases', 'life', '--json'])).out);
  assert.deepEqual(
    releases.map((release: { version: number; state: string }) => [release.version, release.state]),
    [
      [3, 'current'],
      [2, 'rolled_back'],
      [1, 'superseded'],
    ],
  );
  assert.match((await expect(0, ['releases', 'life'])).out, /RELEASE +STATE/);
  assert.match((await expect(0, ['releases:diff', 'life', '1', '2'])).out, /^life: release 1 → 2\n\n +~ +image +/);
  assert.match((await expect(0, ['releases:diff', 'life', '1'])).out, /1 → 3\n\n +No difference in image, processes/);
  const { from, differences } = JSON.parse((await expect(0, ['releases:diff', 'life', '--json'])).out);
  assert.deepEqual([from, differences[0].object], [2, 'image']);
  await expect(2, ['releases:diff', 'life', 'first']);
  await expect(1, ['releases:diff', 'life', '9']);
  assert.match((await expect(0, ['apps:info', 'life'])).out, /release +3/);
  assert.match((await expect(0, ['apps:info', 'life', '--manifest'])).out, /^name: life\n/);
  assert.match((await expect(0, ['operations', 'life'])).out, /rollback/);
  assert.match((await expect(0, ['ps', 'life'])).out, /^PROCESS +STATE[^\n]*\nweb\.1 +healthy /);
  const { release, replicas } = JSON.parse((await expect(0, ['ps', 'life', '--json'])).out);
  assert.deepEqual([release, replicas[0].release, replicas[0].process], [3, 3, 'web']);

  const logs = await expect(0, ['logs', 'life', '-n', '50', '-p', 'web']);
  assert.match(logs.out, /web\.1 +second red\n/);
  assert.doesNotMatch(logs.out, /\u001b/);
  const lines = (await expect(0, ['logs', 'life', '--json'])).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines.map((line) => line.stream).sort(), ['stderr', 'stdout', 'stdout']);

  assert.match((await expect(2, ['apps:delete', 'life'])).err, /--confirm life/);
  await expect(2, ['apps:delete', 'life', '--confirm', 'live']);
  assert.match((await expect(0, ['apps:delete', 'life', '--confirm', 'life'])).out, /deleted. Its data is kept/);
  assert.equal((await expect(1, ['apps:info', 'life'])).err.includes('There is no such app'), true);
});

test('an image that carries its manifest needs no folder', async () => {
  engine().seedImage('docker.io/me/selfmade:1', {
    files: { '/cloud_manifest.yml': 'name: selfmade\nexpose: [{ port: 80 }]\n' },
  });
  const deployed = await expect(0, ['deploy', '--image', 'docker.io/me/selfmade:1', '--yes']);
  assert.match(deployed.out, /selfmade is live: release 1/);
  const named = await expect(0, ['deploy', 'selfmade', '--image', 'docker.io/me/selfmade:1', '--yes']);
  assert.match(named.out, /selfmade is live: release 2/);
});

test('exit codes', async () => {
  assert.match((await expect(2, ['deplyo'])).err, /Did you mean `minicloud deploy`/);
  await expect(2, ['deploy'], { cwd: root });
  assert.match((await expect(5, ['plan'], { cwd: work })).err, /There is no manifest here/);
  assert.match((await expect(2, ['apps'], { cwd: root })).err, /No server is known/);
  const nobody = await freePort();
  const env = { MINICLOUD_TOKEN: token };
  assert.match((await expect(3, ['apps', '--api-url', `127.0.0.1:${nobody}`], { env })).err, /can’t be reached/);
  assert.match((await expect(4, ['apps', '--api-url', `127.0.0.1:${nobody}`])).err, /There is no token/);
  await expect(4, ['apps'], { env: { MINICLOUD_API_URL: apiUrl, MINICLOUD_TOKEN: 'mc_user_aaaaaaaaaa_wrong' } });
  await expect(1, ['releases', 'nobody']);
  const told = JSON.parse((await expect(1, ['releases', 'nobody', '--json'])).err);
  assert.equal(told.problem.code, 'not_found');
  assert.equal(told.exitCode, 1);
});

test('a server that accepts and says nothing is out of reach, in time', async () => {
  const sockets = new Set<Socket>();
  const mute = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const { port } = mute.address() as { port: number };
  try {
    const ended = await expect(3, ['apps', '--api-url', `127.0.0.1:${port}`], { env: { MINICLOUD_TOKEN: token } });
    assert.match(ended.err, /did not answer in time/);
  } finally {
    for (const socket of sockets) socket.destroy();
    mute.close();
  }
});

test('a manifest with errors is told all at once, and nothing is changed', async () => {
  const place = await folder('wrong', ['needz: [database]', 'healthcheck: { path: /, port: 99999 }']);
  for (const words of [
    ['plan', place],
    ['deploy', place, '--yes'],
  ]) {
    const ended = await expect(5, words);
    assert.match(ended.err, /cloud_manifest\.yml:4:1 +manifest\/unknown-key.*did you mean needs/);
    assert.match(ended.err, /manifest\/port-range/);
    assert.match(ended.err, /Nothing was changed\./);
  }
  const valid = await expect(5, ['validate', place, '--json']);
  assert.equal(JSON.parse(valid.out).valid, false);
  assert.match(
    (await expect(5, ['validate', place, '--format', 'github'])).out,
    /^::error file=folder-wrong\/cloud_manifest\.yml,line=4,/,
  );
  await expect(0, ['validate', '-'], { input: 'name: fine\nexpose: [{ port: 80 }]\n' });
  // What only the server knows is refused in the same words, with the place.
  await expect(0, ['deploy', await folder('owner', ['env: {}']), '--yes']);
  const other = await folder('thief');
  await writeFile(
    path.join(work, other, 'cloud_manifest.yml'),
    'name: thief\nimage: a\nexpose: [{ port: 80, domains: [owner.localhost] }]\n',
  );
  const ended = await expect(5, ['deploy', other, '--yes']);
  assert.match(ended.err, /cloud_manifest\.yml:3:\d+ +manifest\/domain-taken|owner\.localhost/);
});

test('a deploy that fails ends with 1, the evidence, and what still serves', async () => {
  await expect(0, ['deploy', await folder('flaky'), '--yes']);
  const check = 'healthcheck: { path: /, port: 80, interval: 500ms, timeout: 500ms, retries: 1, grace: 1s }';
  const place = await folder('flaky', ['env: { MODE: fail }', check]);
  const ended = await expect(1, ['deploy', place, '--yes']);
  assert.match(ended.err, /still +Release 1 still serves\./);
  assert.match(ended.err, /\| boom +evil/);
  assert.doesNotMatch(ended.err, /[\u001b\u0007\u202e]/);
  const json = await expect(1, ['deploy', place, '--yes', '--json']);
  assert.equal(JSON.parse(json.out).operation.state, 'failed');
  assert.equal(JSON.parse(json.err).exitCode, 1);
});

test('what was shown is what is done: an image that moved meanwhile is refused', async () => {
  const place = await folder('moving');
  let pulls = 0;
  world.intercept = (call) => {
    if (call === 'pullImage' && ++pulls === 2) engine().seedImage('docker.io/me/app:1', { labels: { moved: 'yes' } });
  };
  const ended = await expect(5, ['deploy', place, '--yes', '--json']);
  assert.equal(JSON.parse(ended.err).problem.code, 'plan_changed');
  assert.equal(pulls, 2);
  await expect(1, ['apps:info', 'moving']);
});

test('logging in keeps the token in a file of mode 0600, and is used from any folder', async () => {
  const home = path.join(root, 'loggedin');
  const env = { HOME: home };
  const options = { env, cwd: root };
  await expect(4, ['login', apiUrl], { ...options, input: 'mc_user_aaaaaaaaaa_wrong\n' });
  await expect(2, ['login', apiUrl], { ...options, input: '' });
  await assert.rejects(stat(path.join(home, '.config')), 'nothing is saved that was not tried');
  const done = await expect(0, ['login', apiUrl], { ...options, input: `${token}\n` });
  assert.doesNotMatch(done.out + done.err, new RegExp(token));
  assert.equal((await stat(path.join(home, '.config/minicloud/config.json'))).mode & 0o777, 0o600);
  assert.match((await expect(0, ['status'], options)).out, /All is well/);
  assert.match((await expect(0, ['servers'], options)).out, /^\* /);
  assert.doesNotMatch((await expect(0, ['servers', '--json'], options)).out, new RegExp(token));
  await expect(0, ['logout'], options);
  assert.doesNotMatch(await readFile(path.join(home, '.config/minicloud/config.json'), 'utf8'), new RegExp(token));
  await expect(2, ['status'], options);
});

test('tokens: made with a scope, limited, used, revoked', async () => {
  assert.match((await expect(2, ['tokens:create', 'ci'])).err, /--scope/);
  const made = await expect(0, ['tokens:create', 'ci', '--scope', 'read', '--expires', '1d']);
  const value = made.out.trim();
  assert.match(value, /^mc_user_/);
  const env = { MINICLOUD_API_URL: apiUrl, MINICLOUD_TOKEN: value };
  await expect(0, ['apps'], { env });
  assert.match((await expect(4, ['deploy', await folder('denied'), '--yes'], { env })).err, /needs deploy/);
  assert.match((await expect(0, ['tokens'])).out, /ci +read +all .* in \d+ h/);
  await expect(0, ['tokens:revoke', value.split('_')[2] ?? '']);
  await expect(4, ['apps'], { env });
  assert.match(
    (await expect(0, ['tls:root'])).out,
    /^-----BEGIN CERTIFICATE-----\n[\s\S]+-----END CERTIFICATE-----\n$/,
  );
});

test('the bin hands serve to the companion and all else to the command line', async () => {
  const bin = path.join(repository, 'server/bin/minicloud.mjs');
  const of = async (args: string[]) => {
    const child = spawn(node, [bin, ...args], { cwd: root, env: { PATH: process.env.PATH } });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    const [code] = await once(child, 'close');
    return { code, out };
  };
  assert.deepEqual(await of(['version']), { code: 0, out: 'minicloud 0.1.0\n' });
  const { code, out } = await of(['serve', '--help']);
  assert.equal(code, 0);
  assert.match(out, /--server-domain/);
});
