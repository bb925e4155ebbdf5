/** `minicloud import` as a process: files, standard input, a container over an engine's socket, and what is written. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parseManifest } from 'minicloud-shared/manifest/parse';

const entry = path.resolve(import.meta.dirname, 'main.ts');
const fixtures = path.resolve(import.meta.dirname, '../../../test/fixtures/import');
let work: string;
let engine: Server;
let socketPath: string;
/** Paths that the engine was asked for. */
const asked: string[] = [];

before(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'minicloud-import-'));
  await cp(fixtures, work, { recursive: true });
  const [container, image] = JSON.parse(
    await readFile(path.join(fixtures, 'container/inspect.json'), 'utf8'),
  ) as unknown[];
  await mkdir(path.join(work, 'podman'));
  socketPath = path.join(work, 'podman/podman.sock');
  engine = createServer((request, response) => {
    asked.push(request.url ?? '');
    const answers: Record<string, unknown> = {
      '/containers/shop/json': container,
      '/containers/orphan/json': { ...(container as object), Image: 'sha256:gone' },
      [`/images/sha256%3A${'a'.repeat(64)}/json`]: image,
    };
    const known = answers[request.url ?? ''];
    response.statusCode = known ? 200 : 404;
    response.end(JSON.stringify(known ?? { message: 'No such container' }));
  });
  await new Promise<void>((resolve) => void engine.listen(socketPath, resolve));
});
after(async () => {
  engine.close();
  await rm(work, { recursive: true, force: true });
});

interface Ended {
  code: number;
  out: string;
  err: string;
}

function minicloud(
  words: readonly string[],
  options: { cwd?: string; input?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH, HOME: work, NO_COLOR: '1', ...options.env };
    const child = execFile(
      process.execPath,
      [entry, 'import', ...words],
      { cwd: options.cwd ?? work, env },
      (error, out, err) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
      },
    );
    child.stdin?.end(options.input ?? '');
  });
}

function nameOf(text: string): string {
  const { manifest, diagnostics } = parseManifest(text);
  return manifest?.name ?? assert.fail(JSON.stringify(diagnostics));
}

test('a folder, a file, and standard input become a manifest on standard output', async () => {
  const folder = await minicloud(['blog']);
  assert.equal(folder.code, 0, folder.err);
  assert.equal(nameOf(folder.out), 'blog');
  assert.match(folder.out, /MAIL_FROM: Blog <blog@example\.com>/, 'env_file was read');
  assert.match(folder.out, /GREETING: Hello, everyone/, '.env was read');
  assert.match(folder.err, /made {2}blog {2}\(\d+ fields mapped, \d+ not\)/);
  assert.match(folder.err, /To be set on the server:[\s\S]*STRIPE_KEY/);
  assert.doesNotMatch(folder.out + folder.err, /planted/);
  const service = await minicloud(['blog/docker-compose.yml', '--service', 'search', '--json']);
  assert.equal((JSON.parse(service.out) as { services: string[] }).services[0], 'search');
  const input = await readFile(path.join(fixtures, 'container/inspect.json'), 'utf8');
  assert.equal(nameOf((await minicloud(['-'], { input })).out), 'my-shop-1');
  assert.equal(nameOf((await minicloud([], { cwd: path.join(work, 'heroku') })).out), 'django-shop-2');
});

test('what a deploy would be refused for is told before anything is written', async () => {
  const { err, out } = await minicloud(['-'], { input: 'services: { web: { build: . } }\n' });
  assert.match(
    err,
    /Not available in this version yet; a deploy is refused while it is there:\n {2}build {2}\(building/,
  );
  assert.match(out, /^build:/m);
});

test('one field that is mapped is told as one', async () => {
  const ended = await minicloud(['-'], { input: 'services: { web: { image: a } }\n' });
  assert.match(ended.err, /\(1 field mapped, 0 not\)/);
});

test('a container of the engine is asked for with its image, by name', async () => {
  const env = { DOCKER_HOST: `unix://${socketPath}` };
  const found = await minicloud(['--container', 'shop'], { env });
  assert.equal(nameOf(found.out), 'my-shop-1');
  assert.doesNotMatch(found.out, /command:/, 'the image’s own command was left out');
  assert.deepEqual(asked, ['/containers/shop/json', `/images/sha256%3A${'a'.repeat(64)}/json`]);
  const missing = await minicloud(['--container', '../x'], { env });
  assert.match(missing.err, /There is no such container: container \.\.\/x/);
  assert.equal(asked.at(-1), '/containers/..%2Fx/json');
  assert.match((await minicloud(['--container', 'shop'], { env: { DOCKER_HOST: 'ssh://far' } })).err, /DOCKER_HOST/);
  assert.match(
    (await minicloud(['--container', 'shop'], { env: { DOCKER_HOST: 'unix:///nosuch' } })).err,
    /No engine listens/,
  );
  assert.equal((await minicloud(['--container', 'shop', 'file'], { env })).code, 2);
});

test('a container is imported without its image when that is gone, and found at Podman’s socket', async () => {
  const env = { DOCKER_HOST: `unix://${socketPath}` };
  const orphan = await minicloud(['--container', 'orphan'], { env });
  assert.equal(orphan.code, 0, orphan.err);
  assert.equal(asked.at(-1), '/images/sha256%3Agone/json');
  assert.equal(nameOf(orphan.out), 'my-shop-1');
  const found = await minicloud(['--container', 'shop'], { env: { XDG_RUNTIME_DIR: work } });
  assert.equal(found.code, 0, found.err);
  assert.equal(nameOf(found.out), 'my-shop-1');
});

test('a manifest is written once, and one that is there is not replaced without being asked', async () => {
  const cwd = path.join(work, 'windows');
  const first = await minicloud(['--write'], { cwd });
  assert.match(first.err, /written {2}cloud_manifest\.yml/);
  assert.match(first.err, /Not taken over:\n {2}services\.web\.ports\[0\]/);
  const file = path.join(cwd, 'cloud_manifest.yml');
  assert.equal(nameOf(await readFile(file, 'utf8')), 'windows');
  await writeFile(file, 'name: mine\n');
  const second = await minicloud(['--write'], { cwd });
  assert.equal(second.code, 2, 'there is nobody to ask');
  assert.equal(await readFile(file, 'utf8'), 'name: mine\n');
  assert.equal((await minicloud(['--write', '--yes'], { cwd })).code, 0);
  assert.equal(nameOf(await readFile(file, 'utf8')), 'windows');
  assert.deepEqual(await readdir(cwd), ['cloud_manifest.yml', 'docker-compose.yml']);
});

test('what leads out of the folder is not read', async () => {
  const cwd = path.join(work, 'captain');
  await writeFile(path.join(work, 'outside.env'), 'OUTSIDE=yes\n');
  await symlink('../outside.env', path.join(cwd, 'linked.env'));
  await writeFile(
    path.join(cwd, 'compose.yml'),
    'services: { web: { image: a, env_file: [linked.env, ../outside.env] } }\n',
  );
  const ended = await minicloud(['compose.yml'], { cwd });
  assert.doesNotMatch(ended.out, /OUTSIDE/);
  assert.match(ended.out, /env_file\[0\]: linked\.env is not there/);
  assert.match(ended.out, /env_file\[1\]: Only files of this folder and below are read/);
});

test('what can not be imported is told, and ends with 5', async () => {
  const bare = await mkdtemp(path.join(work, 'bare-'));
  const refusals: [string[], string, RegExp][] = [
    [['nosuch'], '', /Nothing has this name/],
    [[bare], '', /holds no docker-compose\.yml/],
    [['-'], 'hello', /neither a Compose file/],
    [['-'], 'services:\n  a: b: c\n', /standard input can not be read at line 2/],
    [['blog', '--service', 'wbe'], '', /no service wbe/],
  ];
  for (const [words, input, message] of refusals) {
    const ended = await minicloud(words, { input });
    assert.equal(ended.code, 5, words.join(' '));
    assert.match(ended.err, message);
    assert.equal(ended.out, '');
  }
});
