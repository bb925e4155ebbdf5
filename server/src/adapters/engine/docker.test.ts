/** How the Docker adapter meets an engine that is missing, refuses, freezes, breaks off or answers nonsense. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type ProblemCode, ProblemError } from 'minicloud-shared/model/problem';
import { createDockerEngine } from './docker.ts';

const folder = await mkdtemp(join(tmpdir(), 'mc-engine-'));
after(() => rm(folder, { recursive: true, force: true }));
let sockets = 0;

const version = { Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12', Os: 'linux', Arch: 'amd64' };
const info = { MemTotal: 1e9, NCPU: 2, MemoryLimit: true, OperatingSystem: 'Debian', SecurityOptions: [] };
const image = { Id: `sha256:${'ab'.repeat(32)}`, Os: 'linux', Architecture: 'amd64', Size: 1 };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const json =
  (value: unknown, status = 200): Answer =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
const silence: Answer = () => {};

/** A stand-in for dockerd that answers by path; what is not said is answered as a healthy engine would. */
async function fakeEngine(
  answers: Record<string, Answer>,
): Promise<{ socketPath: string; paths: string[]; server: Server }> {
  const socketPath = join(folder, `${sockets++}.sock`);
  const paths: string[] = [];
  const healthy: Record<string, Answer> = {
    '/version': json(version),
    '/info': json(info),
    '/_ping': json('OK'),
    '/containers/json': json([]),
  };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://engine').pathname;
    paths.push(path);
    const plain = decodeURIComponent(path).replace(/^\/v[\d.]+/, '');
    const answer = answers[plain] ?? healthy[plain] ?? json({ message: 'page not found' }, 404);
    request.resume();
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { socketPath, paths, server };
}

function fails(code: ProblemCode, words?: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ProblemError, String(error));
    assert.equal(error.problem.code, code, error.message);
    if (words) assert.match(`${error.message} ${error.problem.remedy}`, words);
    return true;
  };
}

const deadlines = { unaryMs: 300, pullStallMs: 300, heartbeatMs: 100 };

test('an engine that is not there, or does not listen, is unreachable, with the remedy for each', async () => {
  const missing = createDockerEngine({ socketPath: join(folder, 'none.sock'), installation: 'x' });
  await assert.rejects(missing, fails('engine_unreachable', /does not exist.*Start the engine/));
  const nobody = createDockerEngine({ host: 'tcp://127.0.0.1:1', installation: 'x' });
  await assert.rejects(nobody, fails('engine_unreachable', /Nothing answers.*systemctl start docker/));
});

test('an engine that is frozen ends in a timeout, at the first call and at any later one', async () => {
  const frozen = createSocketServer(() => {});
  const socketPath = join(folder, 'frozen.sock');
  await new Promise<void>((resolve) => frozen.listen(socketPath, resolve));
  after(() => frozen.close());
  await assert.rejects(createDockerEngine({ socketPath, installation: 'x', deadlines }), fails('timeout', /0\.3 s/));

  const later = await fakeEngine({
    '/networks': silence,
    '/containers/box/json': silence,
    '/images/a:1/json': silence,
  });
  const engine = await createDockerEngine({ socketPath: later.socketPath, installation: 'x', deadlines });
  await assert.rejects(engine.listNetworks(), fails('timeout'));
  await assert.rejects(engine.inspectContainer('box'), fails('timeout'));
  await assert.rejects(engine.inspectImage('a:1'), fails('timeout'));
});

test('a wait that may last for ever ends when the engine shows no sign of life', async () => {
  const container = { Id: 'a1', Name: '/box', Image: image.Id, Created: '2026-01-01T00:00:00Z' };
  const state = { Status: 'running', ExitCode: 0 };
  const labels = { 'minicloud.installation': 'x', 'minicloud.name': 'box', 'minicloud.keys': 'minicloud.installation' };
  let frozen = false;
  const { socketPath } = await fakeEngine({
    '/containers/box/json': json({ ...container, State: state, Config: { Labels: labels } }),
    '/containers/a1/wait': silence,
    '/_ping': (request, response) => (frozen ? undefined : json('OK')(request, response)),
  });
  const engine = await createDockerEngine({ socketPath, installation: 'x', deadlines });
  setTimeout(() => {
    frozen = true;
  }, 500);
  const started = performance.now();
  await assert.rejects(engine.waitContainer('box'), fails('timeout'));
  assert.ok(performance.now() - started > 500, 'it waited as long as the engine lived');
});

test('whoever cancels is answered at once, and told that it was cancelled', async () => {
  const { socketPath } = await fakeEngine({ '/networks': silence });
  const engine = await createDockerEngine({ socketPath, installation: 'x' });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  await assert.rejects(engine.listNetworks({ signal: controller.signal }), fails('cancelled'));
});

test('an answer that is not understood is a failure of the engine, not something to go on with', async () => {
  const { socketPath } = await fakeEngine({ '/networks': json([{ Name: 7 }]), '/volumes': json('Volumes') });
  const engine = await createDockerEngine({ socketPath, installation: 'x' });
  await assert.rejects(engine.listNetworks(), fails('engine_failed', /not understood.*Id/));
  await assert.rejects(engine.listVolumes(), fails('engine_failed', /not understood/));
});

test('folders that an image declares are absolute and can not act on a terminal or forge a line', async () => {
  const Volumes = { 'data/../uploads': {}, '/data\n\nNothing is lost.\u001b[2J\u202e': {} };
  const { socketPath } = await fakeEngine({ '/images/shop:1/json': json({ ...image, Config: { Volumes } }) });
  const engine = await createDockerEngine({ socketPath, installation: 'x' });
  assert.deepEqual((await engine.inspectImage('shop:1'))?.volumes, [
    '/data\ufffd\ufffdNothing is lost.\ufffd[2J\ufffd',
    '/uploads',
  ]);
});

test('the version of the API is agreed on; an engine that is too old is refused', async () => {
  const newer = await fakeEngine({ '/version': json({ ...version, ApiVersion: '1.99', MinAPIVersion: '1.44' }) });
  await createDockerEngine({ socketPath: newer.socketPath, installation: 'x' });
  assert.ok(newer.paths.includes('/v1.47/info'), newer.paths.join());
  const old = await fakeEngine({ '/version': json({ ...version, ApiVersion: '1.30' }) });
  const refused = createDockerEngine({ socketPath: old.socketPath, installation: 'x' });
  await assert.rejects(refused, fails('engine_failed', /1\.30/));
});

test('Podman, rootless engines and Docker Desktop are told apart', async () => {
  const podman = await fakeEngine({
    '/version': json({ ...version, Components: [{ Name: 'Podman Engine' }] }),
    '/info': json({ ...info, SecurityOptions: ['name=seccomp,profile=default', 'name=rootless'] }),
  });
  const engine = await createDockerEngine({ socketPath: podman.socketPath, installation: 'x' });
  assert.equal((await engine.info()).kind, 'podman');
  assert.deepEqual(engine.capabilities, {
    reachableAddresses: false,
    hostNetwork: false,
    memoryLimits: true,
    resolverAtGateway: true,
    tellsBuiltImages: false,
    tellsStoppedAddresses: false,
  });
  const desktop = await fakeEngine({ '/info': json({ ...info, OperatingSystem: 'Docker Desktop' }) });
  const other = await createDockerEngine({ socketPath: desktop.socketPath, installation: 'x' });
  assert.equal(other.capabilities.reachableAddresses, false);
});

test("the engine's words become codes that clients act on", async () => {
  const words: [string, number, ProblemCode][] = [
    ['write /var/lib/docker/x: no space left on device', 500, 'disk_full'],
    ['could not find an available, non-overlapping IPv4 address pool among the defaults', 500, 'pool_exhausted'],
    ['Pool overlaps with other one on this address space', 403, 'conflict'],
    ['conflicts with network 4f (br-4f): networks have overlapping IPv4', 403, 'conflict'],
    ['something else went wrong', 500, 'engine_failed'],
  ];
  for (const [message, status, code] of words) {
    const { socketPath } = await fakeEngine({ '/networks/create': json({ message }, status) });
    const engine = await createDockerEngine({ socketPath, installation: 'x' });
    const made = engine.ensureNetwork({ name: 'n', subnet: '10.64.0.0/26', labels: {} });
    await assert.rejects(made, fails(code), message);
  }
});

test('a pull that stands still is ended: by the registry, or by the engine when that is the one that froze', async () => {
  const begun: Answer = (_, response) => response.writeHead(200).write('{"status":"Downloading","id":"a"}\n');
  const stuck = await fakeEngine({ '/images/create': begun });
  const engine = await createDockerEngine({ socketPath: stuck.socketPath, installation: 'x', deadlines });
  await assert.rejects(engine.pullImage('a:1'), fails('registry_unreachable', /0\.3 s/));

  const frozen = await fakeEngine({ '/images/create': begun, '/_ping': silence });
  const other = await createDockerEngine({ socketPath: frozen.socketPath, installation: 'x', deadlines });
  await assert.rejects(other.pullImage('a:1'), fails('timeout'));
});

test('a pull that goes on is let go on, however long it takes, and its progress is told', async () => {
  const { socketPath } = await fakeEngine({
    '/images/create': async (_, response) => {
      response.writeHead(200);
      for (let current = 1; current <= 8; current++) {
        for (const id of ['a', 'b']) {
          response.write(`${JSON.stringify({ status: 'Downloading', id, progressDetail: { current, total: 10 } })}\n`);
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      response.write(`${JSON.stringify({ status: 'Download complete', id: 'a' })}\n`);
      response.end();
    },
    '/images/docker.io/library/a:1/json': json(image),
    '/images/a:1/json': json(image),
  });
  const engine = await createDockerEngine({ socketPath, installation: 'x', deadlines });
  const told: number[] = [];
  const pulled = await engine.pullImage('a:1', { onProgress: ({ received }) => told.push(received) });
  assert.equal(pulled.id, image.Id);
  assert.equal(told.at(-1), 18);
  assert.deepEqual(
    told,
    [...told].sort((a, b) => a - b),
    'it only ever rises',
  );
});

test('events: a broken connection is made again, and what was missed is owned up to', async () => {
  const event = (id: string) =>
    JSON.stringify({
      Type: 'container',
      Action: 'start',
      timeNano: 1,
      Actor: {
        ID: id,
        Attributes: {
          name: id,
          'minicloud.installation': 'x',
          'minicloud.name': id,
          'minicloud.keys': 'minicloud.installation',
        },
      },
    });
  let connections = 0;
  const { socketPath } = await fakeEngine({
    '/events': (request, response) => {
      connections += 1;
      response.writeHead(200);
      if (connections === 2) return void request.socket.destroy();
      response.write(`${event(`c${connections}`)}\n`);
      if (connections < 3) setTimeout(() => request.socket.destroy(), 50);
    },
  });
  const engine = await createDockerEngine({ socketPath, installation: 'x' });
  const controller = new AbortController();
  const seen: string[] = [];
  for await (const item of engine.events({ signal: controller.signal })) {
    seen.push('containerId' in item ? item.containerId : item.action);
    if (seen.at(-1) === 'c3') controller.abort();
  }
  assert.equal(seen[0], 'c1');
  assert.equal(seen.at(-1), 'c3');
  assert.ok(seen.indexOf('resync') > 0, seen.join());
});
