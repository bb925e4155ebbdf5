/** `npm start` as somebody on a bare machine sees it: what it prints and leaves, Ctrl-C, and starting again. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { createDockerEngine } from '../../server/src/adapters/engine/docker.ts';
import { type Ready, readySchema } from '../../server/src/ready.ts';
import { freePorts, installationOf, removeEverything, requireEnv } from '../harness/companion.ts';

const entry = path.resolve(import.meta.dirname, '../../server/setup/start.ts');
const readyWithinMs = 90_000;
let work: string;
let home: string;
let ports: string[];
before(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'minicloud-start-'));
  // Where it is without a word.
  home = path.join(work, '.minicloud');
  const [api, http, https] = await freePorts(3);
  ports = ['--api-port', `${api}`, '--http-port', `${http}`, '--https-port', `${https}`];
});
after(async () => {
  await stop?.();
  const installation = installationOf(home);
  await removeEverything(await createDockerEngine({ socketPath: requireEnv('MINICLOUD_TEST_DOCKER'), installation }));
  await rm(work, { recursive: true, force: true });
});

/** Ends what runs, as Ctrl-C does; gives its exit code. */
let stop: (() => Promise<number | null>) | undefined;

function spawnStart(args: string[]) {
  const child = spawn(process.execPath, [entry, ...ports, ...args], {
    cwd: work,
    // The engine is found as `npm start` finds it.
    env: { ...process.env, DOCKER_HOST: `unix://${requireEnv('MINICLOUD_TEST_DOCKER')}` },
  });
  const said = { text: '' };
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said.text += text;
    });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, said, ended };
}

/** Until it says that it is ready. */
async function start(...args: string[]): Promise<{ ready: Ready; said: { text: string } }> {
  const { child, said, ended } = spawnStart(['--images', 'build', '--network-pool', '10.217.192.0/18', ...args]);
  stop = async () => {
    stop = undefined;
    child.kill('SIGINT');
    return ended;
  };
  const deadline = performance.now() + readyWithinMs;
  while (!/Ctrl-C stops the companion/.test(said.text)) {
    assert.equal(child.exitCode, null, `it ended:\n${said.text}`);
    assert.ok(performance.now() < deadline, `it was not ready:\n${said.text}`);
    await sleep(50);
  }
  return { ready: readySchema.strict().parse(JSON.parse(await readFile(path.join(home, 'ready.json'), 'utf8'))), said };
}

/** As a browser that trusts the authority. */
async function page({ apps, caCertificate }: Ready): Promise<{ status: number; text: string }> {
  const dispatcher = new Agent({
    connect: {
      ca: caCertificate,
      lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
    },
  });
  try {
    const { statusCode, body } = await request(apps[0]?.urls[0] ?? '', { dispatcher });
    return { status: statusCode, text: await body.text() };
  } finally {
    await dispatcher.close();
  }
}

const answers = async ({ apiUrl, token }: Ready) =>
  (await fetch(`${apiUrl}/trpc/apps.list`, { headers: { authorization: `Bearer ${token}` } })).status;

let first: Ready;

test('a setting that is not right ends it with 2, before anything is made', async () => {
  const { ended, said } = spawnStart(['--api-port', 'x']);
  assert.equal(await ended, 2, said.text);
  assert.match(said.text, /--api-port/);
  await assert.rejects(stat(home));
});

test('without the sample it serves nothing, and says how to enter', async () => {
  const { ready, said } = await start('--no-sample');
  assert.deepEqual(ready.apps, []);
  assert.match(said.text, /^engine: (docker|podman) at \//m);
  assert.match(said.text, new RegExp(`API +${ready.apiUrl}`));
  assert.doesNotMatch(said.text, new RegExp(ready.token), 'a token is in the file alone');
  assert.equal((await stat(path.join(home, 'ready.json'))).mode & 0o777, 0o600);
  assert.equal(await answers(ready), 200);
  assert.equal(await stop?.(), 0);
});

test('with the sample it is deployed by the command that anybody types, and answers with HTTPS', async () => {
  // The file of the companion before is no older than this start, as when somebody starts again at once.
  const soon = Date.now() / 1000 + 60;
  await utimes(path.join(home, 'ready.json'), soon, soon);
  const { ready, said } = await start();
  first = ready;
  assert.match(said.text, /^\$ minicloud deploy .*sample --image /m);
  assert.deepEqual(
    ready.apps.map(({ name }) => name),
    ['sample'],
    said.text,
  );
  assert.match(ready.apps[0]?.urls[0] ?? '', /^https:\/\/sample\.localhost:\d+\/$/);
  assert.match(said.text, new RegExp(`sample app +${ready.apps[0]?.urls[0]}`));
  const { status, text } = await page(ready);
  assert.equal(status, 200);
  assert.match(text, /<html/i);
});

test('Ctrl-C ends it, and the page goes on answering', async () => {
  assert.equal(await stop?.(), 0);
  await assert.rejects(answers(first), 'the API is gone');
  assert.equal((await page(first)).status, 200);
});

test('started again it finds all as it was: the app, the authority, the token', async () => {
  const { ready, said } = await start();
  assert.match(said.text, /the sample app is there already/);
  assert.deepEqual(ready, first);
  assert.equal(await answers(first), 200);
  assert.equal((await page(ready)).status, 200);
  assert.equal(await stop?.(), 0);
});
