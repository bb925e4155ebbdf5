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

/** What is asked when an engine is connected to, by the end of the path. */
const connected: Record<string, unknown> = {
  '/version': { Version: '29', ApiVersion: '1.47', MinAPIVersion: '1.24', Os: 'linux', Arch: 'amd64' },
  '/info': { MemTotal: 1, NCPU: 1 },
  '/containers/json': [],
};

/** One that only says that it is there, or one that can be connected to. */
async function engineAt(name: string, headers: Record<string, string>, usable = false): Promise<string> {
  const socketPath = path.join(folder, name);
  const server = createServer((request, response) => {
    const asked = request.url?.split('?')[0] ?? '';
    if (asked === '/_ping') return response.writeHead(200, headers).end('OK');
    const answer = usable && Object.entries(connected).find(([end]) => asked.endsWith(end));
    return answer
      ? response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer[1]))
      : response.writeHead(500).end('{}');
  });
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

test('serve finds its engine by itself, of the kind that was said, and stays with the kind that it worked on', async () => {
  const before = process.env.DOCKER_HOST;
  const open = (home: string, ...words: string[]) =>
    openCloud(readConfig(['--home', path.join(folder, home), ...words], {}), {
      version: '0',
      serverFolder: folder,
      write: () => {},
    });
  const connect = (...words: Parameters<typeof open>) => problemOf(open(...words));
  const opened = async (...words: Parameters<typeof open>) => (await open(...words)).close();
  try {
    const docker = await engineAt('serve-docker.sock', {}, true);
    const podman = await engineAt('serve-podman.sock', { 'Libpod-API-Version': '4.3.1' }, true);
    const broken = await engineAt('serve-broken.sock', {});
    process.env.DOCKER_HOST = `unix://${docker}`;
    const said = await connect('a', '--engine', 'podman');
    assert.match(said.why, /serve-docker\.sock: it is Docker/);
    assert.doesNotMatch(said.remedy, /--engine/, 'it was said');
    await opened('a', '--engine', 'docker');
    process.env.DOCKER_HOST = `unix://${podman}`;
    const remembered = await connect('a');
    assert.match(remembered.why, /serve-podman\.sock: it is Podman/, 'it ran on Docker');
    assert.match(remembered.remedy, /ran on Docker: --engine podman moves it/);
    await opened('b');
    await opened('a', '--engine', 'podman');
    await opened('a');
    process.env.DOCKER_HOST = `unix://${broken}`;
    assert.equal((await connect('c')).code, 'engine_failed');
    assert.equal((await connect('d', '--engine-socket', broken)).code, 'engine_failed');
    process.env.DOCKER_HOST = `unix://${podman}`;
    await opened('c');
    await opened('d');
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
  }
});
