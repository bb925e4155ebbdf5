import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { ProblemError } from 'minicloud-shared/model/problem';
import { findEngine } from '../src/adapters/engine/find.ts';
import { memoryCapabilities } from '../src/adapters/engine/memory.ts';
import { demandReachable, ensureEngine } from './engine.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'minicloud-engine-'));
const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

async function engineAt(name: string, answer: RequestListener): Promise<string> {
  const socketPath = path.join(folder, name);
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return socketPath;
}

const says =
  (headers: Record<string, string>, status = 200): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end('OK');

test('DOCKER_HOST decides, and Docker and Podman are told apart', async () => {
  const docker = await engineAt('docker.sock', says({ 'Api-Version': '1.41', Server: 'Docker/20.10.24 (linux)' }));
  const podman = await engineAt(
    'podman.sock',
    says({ 'Api-Version': '1.41', 'Libpod-API-Version': '4.3.1', Server: 'Libpod/4.3.1 (linux)' }),
  );
  assert.deepEqual(await findEngine({ DOCKER_HOST: `unix://${docker}` }), { kind: 'docker', socketPath: docker });
  assert.deepEqual(await findEngine({ DOCKER_HOST: `unix://${podman}` }), { kind: 'podman', socketPath: podman });
});

test('a socket that is missing, fails or says nothing is no engine', async () => {
  const failing = await engineAt('failing.sock', says({}, 500));
  const mute = await engineAt('mute.sock', () => {});
  for (const socket of [failing, mute, path.join(folder, 'missing.sock')]) {
    assert.equal(await findEngine({ DOCKER_HOST: `unix://${socket}` }), undefined);
  }
});

test('a DOCKER_HOST where nothing answers is told, and nothing is installed instead', async () => {
  const env = { DOCKER_HOST: `unix://${path.join(folder, 'missing.sock')}` };
  const said: string[] = [];
  await assert.rejects(
    ensureEngine({ home: folder, env }, (line) => said.push(line)),
    (error) => {
      assert.ok(error instanceof ProblemError);
      assert.equal(error.problem.code, 'engine_unreachable');
      assert.match(error.problem.why, /missing\.sock/);
      return true;
    },
  );
  assert.deepEqual(said, []);
});

test('with both engines, the one that is wanted is taken', async () => {
  // Those of the user, which are where the test can put them.
  const own = path.join(folder, 'own');
  mkdirSync(path.join(own, 'podman'), { recursive: true });
  const docker = await engineAt('own/docker.sock', says({ 'Api-Version': '1.41' }));
  const podman = await engineAt('own/podman/podman.sock', says({ 'Libpod-API-Version': '4.3.1' }));
  const env = { XDG_RUNTIME_DIR: own };
  const ours = async (kind?: 'docker' | 'podman') =>
    (await ensureEngine({ home: folder, env, ...(kind ? { kind } : {}) }, () => {})).socketPath;
  // One of the machine itself comes before those of the user.
  const first = await findEngine({});
  if (first?.kind !== 'podman') assert.equal(await ours('podman'), podman);
  if (first?.kind !== 'docker') assert.equal(await ours('docker'), docker);
  assert.equal(await ours(), first?.socketPath ?? docker);
});

test('the engine that DOCKER_HOST names is not taken for another kind', async () => {
  const docker = await engineAt('only.sock', says({ 'Api-Version': '1.41' }));
  const settings = { home: folder, env: { DOCKER_HOST: `unix://${docker}` }, kind: 'podman' as const };
  await assert.rejects(
    ensureEngine(settings, () => {}),
    (error) => error instanceof ProblemError && /only\.sock: it is Docker/.test(error.problem.why),
  );
});

test('an engine whose containers the proxy could not reach is refused, and said which', () => {
  const able = memoryCapabilities;
  demandReachable('/run/x.sock', able);
  demandReachable('/run/x.sock', { ...able, memoryLimits: false });
  for (const missing of [{ reachableAddresses: false }, { hostNetwork: false }])
    assert.throws(
      () => demandReachable('/run/x.sock', { ...able, ...missing }),
      (error) =>
        error instanceof ProblemError &&
        error.problem.code === 'not_available' &&
        error.problem.object.includes('/run/x.sock'),
    );
});
