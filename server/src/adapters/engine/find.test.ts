/** Which engine of several is taken, and what is said when none is there. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { ProblemError } from 'minicloud-shared/model/problem';
import { openCloud } from '../../cloud.ts';
import { readConfig } from '../../config.ts';
import { demandEngine } from './find.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'minicloud-find-'));
const servers: Server[] = [];
after(async () => {
  for (const server of servers) server.close().closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

/** As far as asked before an engine is connected to. */
async function engineAt(name: string, headers: Record<string, string>): Promise<string> {
  const socketPath = path.join(folder, name);
  const server = createServer((request, response) =>
    request.url === '/_ping' ? response.writeHead(200, headers).end('OK') : response.writeHead(500).end('{}'),
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return socketPath;
}

const problemOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => assert.fail('one was found'),
    (error: unknown) => {
      assert.ok(error instanceof ProblemError, String(error));
      return error.problem;
    },
  );

test('none of the wanted kind: every socket that was tried is named, and how that engine is started', async () => {
  const docker = await engineAt('docker.sock', {});
  const podman = await problemOf(demandEngine({ DOCKER_HOST: `unix://${docker}` }, 'podman'));
  assert.equal(podman.code, 'engine_unreachable');
  assert.equal(podman.why, `${docker}: it is Docker`);
  const missing = await problemOf(demandEngine({ DOCKER_HOST: `unix://${folder}/none.sock` }));
  assert.match(missing.why, /none\.sock: it does not exist/);
  assert.match((await problemOf(demandEngine({ DOCKER_HOST: 'tcp://10.0.0.5:2375' }))).why, /tcp:\/\/10\.0\.0\.5:2375/);
});

test('serve finds its engine by itself, of the kind that was said, and stays with the kind that it had', async () => {
  const before = process.env.DOCKER_HOST;
  const connect = (home: string, ...words: string[]) =>
    problemOf(
      openCloud(readConfig(['--home', path.join(folder, home), ...words], {}), {
        version: '0',
        serverFolder: folder,
        write: () => {},
      }),
    );
  try {
    const docker = await engineAt('serve-docker.sock', {});
    process.env.DOCKER_HOST = `unix://${docker}`;
    assert.match((await connect('a', '--engine', 'podman')).why, /serve-docker\.sock: it is Docker/);
    assert.equal((await connect('a', '--engine', 'docker')).code, 'engine_failed', 'it was asked for its version');
    const podman = await engineAt('serve-podman.sock', { 'Libpod-API-Version': '4.3.1' });
    process.env.DOCKER_HOST = `unix://${podman}`;
    assert.match((await connect('a')).why, /serve-podman\.sock: it is Podman/, 'it ran on Docker');
    assert.equal((await connect('b')).code, 'engine_failed', 'another home takes what there is');
    assert.equal((await connect('a', '--engine', 'podman')).code, 'engine_failed', 'somebody moves it');
    assert.equal((await connect('a')).code, 'engine_failed');
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
  }
});
