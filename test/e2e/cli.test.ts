/**
 * The command line against a real companion over the in-memory engine, which does what a test scripts: slow, failing
 * or hostile containers. Commands run as processes, as people and CI run them; those that ask, on a terminal in memory.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Socket, connect as tcpConnect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { createMemoryEngine, type MemoryEngine } from '../../server/src/adapters/engine/memory.ts';
import type { Behaviour } from '../../server/src/adapters/engine/memory-world.ts';
import { createMemoryWorld } from '../../server/src/adapters/engine/memory-world.ts';
import type { Io } from '../../server/src/cli/command.ts';
import { commands } from '../../server/src/cli/commands.ts';
import { run } from '../../server/src/cli/run.ts';
import { createScreen } from '../../server/src/cli/screen.ts';
import { createTerminalDouble } from '../../server/src/cli/terminal-double.ts';
import { type Companion, startCompanion } from '../../server/src/companion.ts';
import { readConfig } from '../../server/src/config.ts';
import { writeReady } from '../../server/src/ready.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const node = process.execPath;
const entry = path.join(repository, 'server/src/cli/main.ts');

const world = createMemoryWorld();
/** Behaviour of containers by the value of the variable MODE. */
const modes: Record<string, Behaviour> = {
  fail: { exitCode: 3, exitAfterMs: 100, logs: ['starting', 'boom \u001b[2J\u001b]0;owned\u0007 \u202Eevil'] },
  logs: { logs: ['first', 'second \u001b[31mred\u001b[0m'], errors: ['to stderr'] },
};
let companion: Companion;
let engine: MemoryEngine;
let root: string;
let work: string;
let token: string;
let apiUrl: string;

before(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'minicloud-cli-e2e-'));
  work = path.join(root, 'work');
  await mkdir(path.join(work, '.minicloud'), { recursive: true });
  const port = await freePort();
  const args = ['--engine', 'memory', '--home', path.join(root, 'home'), '--api-port', String(port), '--drain-ms', '0'];
  companion = await startCompanion(readConfig(args, {}), {
    version: '0.1.0',
    serverFolder: path.join(repository, 'server'),
    write: () => {},
    engine: (installation) => {
      engine = createMemoryEngine({
        installation,
        world,
        acceptAnyImage: true,
        behaviour: (spec) => modes[spec.env?.MODE ?? ''] ?? {},
      });
      return engine;
    },
  });
  apiUrl = companion.apiUrl;
  token = (await writeReady(companion.cloud, apiUrl, path.join(work, '.minicloud/ready.json'))).token;
});

after(async () => {
  await companion?.stop();
  await rm(root, { recursive: true, force: true });
});

const children = new Set<ChildProcess>();
afterEach(() => {
  delete world.intercept;
  for (const child of children) child.kill('SIGKILL');
});

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}
interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
  /** Resolves when standard error holds the text. */
  says(text: string): Promise<void>;
}
interface Options {
  env?: NodeJS.ProcessEnv;
  input?: string;
  cwd?: string;
}

function start(args: string[], options: Options = {}): Running {
  const env = { PATH: process.env.PATH, HOME: path.join(root, 'person'), ...options.env };
  const child = spawn(node, [entry, ...args], { cwd: options.cwd ?? work, env });
  children.add(child);
  let out = '';
  let err = '';
  const waits = new Set<() => void>();
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
    for (const look of waits) look();
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    children.delete(child);
    for (const look of waits) look();
    return { code, signal, out, err };
  });
  return {
    child,
    ended,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (err.includes(text)) resolve();
          else if (!children.has(child))
            reject(new Error(`ended without saying ${JSON.stringify(text)}:\n${out}${err}`));
          else return;
          waits.delete(look);
        };
        waits.add(look);
        look();
      }),
  };
}
const cli = (args: string[], options?: Options): Promise<Ended> => start(args, options).ended;

/** Runs it and expects that exit code. */
async function expect(code: number, args: string[], options?: Options): Promise<Ended> {
  const ended = await cli(args, options);
  assert.equal(
    ended.code,
    code,
    `minicloud ${args.join(' ')} ended with ${ended.code ?? ended.signal}:\n${ended.out}${ended.err}`,
  );
  return ended;
}

async function folder(name: string, lines: string[] = []): Promise<string> {
  const place = path.join(work, `folder-${name}`);
  await mkdir(place, { recursive: true });
  await writeFile(
    path.join(place, 'cloud_manifest.yml'),
    [`name: ${name}`, 'image: docker.io/me/app:1', 'expose: [{ port: 80 }]', ...lines, ''].join('\n'),
  );
  return path.basename(place);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Containers of this app wait at their start until the answer is called. */
function holdStarts(app: string): () => void {
  let free = () => {};
  const held = new Promise<void>((resolve) => {
    free = resolve;
  });
  world.intercept = (call, object) => {
    const container = call === 'startContainer' ? world.containers.get(object) : undefined;
    return container?.spec.name.includes(app) ? held : undefined;
  };
  return free;
}

test('a first look: every empty state says what to do next', async () => {
  const status = await expect(0, ['status']);
  assert.match(status.out, /All is well/);
  assert.match(status.out, /ready\.json/);
  const apps = await expect(0, ['apps']);
  assert.match(apps.out, /no apps yet.*minicloud deploy/);
  assert.deepEqual(JSON.parse((await expect(0, ['apps', '--json'])).out), { apps: [] });
  assert.match((await expect(0, ['operations'])).out, /Nothing was done here yet/);
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
  assert.match(back.err, /Release 2 serves\. Release 1 is docker\.io\/me\/app:1/);
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
  assert.match((await expect(0, ['apps:info', 'life'])).out, /release +3/);
  assert.match((await expect(0, ['apps:info', 'life', '--manifest'])).out, /^name: life\n/);
  assert.match((await expect(0, ['operations', 'life'])).out, /rollback/);

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
  engine.seedImage('docker.io/me/selfmade:1', {
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
  await expect(4, ['apps'], { env: { MINICLOUD_TOKEN: 'mc_user_aaaaaaaaaa_wrong' } });
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
  const place = await folder('flaky', ['env: { MODE: fail }']);
  const ended = await expect(1, ['deploy', place, '--yes']);
  assert.match(ended.err, /still +Release 1 still serves\./);
  assert.match(ended.err, /\| boom +evil/);
  assert.doesNotMatch(ended.err, /[\u001b\u0007\u202e]/);
  const json = await expect(1, ['deploy', place, '--yes', '--json']);
  assert.equal(JSON.parse(json.out).operation.state, 'failed');
  assert.equal(JSON.parse(json.err).exitCode, 1);
});

test('what was shown is what is done: an image that moved meanwhile is refused', async () => {
  const place = await folder('moving', ['release: { command: ./migrate }']);
  let pulls = 0;
  world.intercept = (call) => {
    if (call === 'pullImage' && ++pulls === 2) engine.seedImage('docker.io/me/app:1', { labels: { moved: 'yes' } });
  };
  const ended = await expect(5, ['deploy', place, '--yes']);
  assert.match(ended.err, /plan/i);
  assert.equal(pulls, 2);
  await expect(1, ['apps:info', 'moving']);
});

test('Ctrl-C cancels and waits for the outcome', async () => {
  const place = await folder('cancelled');
  const free = holdStarts('cancelled');
  const running = start(['deploy', place, '--yes']);
  await running.says('started  Start 1 replica of web');
  running.child.kill('SIGINT');
  await running.says('Asked the server to cancel');
  free();
  const ended = await running.ended;
  assert.equal(ended.code, 130, ended.err);
  const { operations } = JSON.parse((await expect(0, ['operations', 'cancelled', '--json'])).out);
  assert.deepEqual(
    operations.filter((each: { kind: string }) => each.kind === 'deploy').map((each: { state: string }) => each.state),
    ['cancelled'],
  );
});

test('Ctrl-C twice leaves; the deploy goes on and can be watched to its end', async () => {
  const place = await folder('left');
  const free = holdStarts('left');
  // The server is deaf to the cancelling, as one is that is past the point of no return.
  const cancel = companion.cloud.operations.cancel;
  companion.cloud.operations.cancel = async () => {};
  try {
    const running = start(['deploy', place, '--yes']);
    await running.says('started  Start 1 replica of web');
    running.child.kill('SIGINT');
    await running.says('Asked the server to cancel');
    running.child.kill('SIGINT');
    const ended = await running.ended;
    assert.equal(ended.code, 130, ended.err);
    assert.match(ended.err, /It goes on on the server/);
    const id = /minicloud watch (\S+)/.exec(ended.err)?.[1] ?? '';
    const watching = start(['watch', id]);
    await watching.says('started  Start 1 replica of web');
    free();
    assert.equal((await watching.ended).code, 0);
    assert.match((await expect(0, ['apps:info', 'left'])).out, /release +1/);
  } finally {
    companion.cloud.operations.cancel = cancel;
  }
});

test('cancel from elsewhere ends the deploy with 1, and itself with 0', async () => {
  const place = await folder('elsewhere');
  const free = holdStarts('elsewhere');
  const running = start(['deploy', place, '--yes']);
  await running.says('started  Start 1 replica of web');
  const [operation] = await companion.cloud.operations.list('elsewhere', 1);
  const cancelling = start(['cancel', operation?.id ?? '']);
  await cancelling.says('started  Start 1 replica of web');
  free();
  assert.equal((await cancelling.ended).code, 0);
  assert.equal((await running.ended).code, 1);
  await expect(0, ['cancel', operation?.id ?? '']);
});

/** Between the command line and the companion: can cut every connection, stay away, and swallow an answer. */
async function unreliableWire() {
  const { port } = new URL(apiUrl);
  const pairs = new Set<[Socket, Socket]>();
  const wire = { url: '', away: false, swallow: '', swallowed: 0, cut: () => {}, close: () => {} };
  const server = createServer((socket) => {
    if (wire.away) return void socket.resetAndDestroy();
    const up = tcpConnect(Number(port), '127.0.0.1');
    const pair: [Socket, Socket] = [socket, up];
    pairs.add(pair);
    let mute = false;
    socket.on('data', (chunk) => {
      if (wire.swallow !== '' && chunk.includes(wire.swallow)) {
        wire.swallow = '';
        mute = true;
      }
      up.write(chunk);
    });
    up.on('data', (chunk) => {
      if (!mute) return void socket.write(chunk);
      wire.swallowed += 1;
      socket.resetAndDestroy();
    });
    for (const each of pair) {
      each.on('error', () => {});
      each.on('close', () => {
        pairs.delete(pair);
        for (const one of pair) one.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  wire.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  wire.cut = () => {
    for (const [socket] of pairs) socket.resetAndDestroy();
  };
  wire.close = () => {
    wire.cut();
    server.close();
  };
  return wire;
}

test('a connection that is cut while watching is taken up again', async () => {
  const wire = await unreliableWire();
  const place = await folder('cutoff');
  const free = holdStarts('cutoff');
  try {
    const running = start(['deploy', place, '--yes', '--api-url', wire.url], { env: { MINICLOUD_TOKEN: token } });
    await running.says('started  Start 1 replica of web');
    wire.away = true;
    wire.cut();
    await running.says('Connection lost; the operation goes on');
    free();
    wire.away = false;
    const ended = await running.ended;
    assert.equal(ended.code, 0, ended.err);
    assert.match(ended.err, /The server is back/);
    assert.match(ended.out, /cutoff is live: release 1/);
  } finally {
    wire.close();
  }
});

test('an answer that gets lost does not start the deploy twice', async () => {
  const wire = await unreliableWire();
  const place = await folder('once');
  try {
    wire.swallow = 'POST /trpc/deploys.start';
    const ended = await expect(0, ['deploy', place, '--yes', '--api-url', wire.url], {
      env: { MINICLOUD_TOKEN: token },
    });
    assert.equal(wire.swallowed, 1);
    assert.match(ended.out, /once is live: release 1/);
    const deploys = (await companion.cloud.operations.list('once', 10)).filter(({ kind }) => kind === 'deploy');
    assert.equal(deploys.length, 1);
  } finally {
    wire.close();
  }
});

test('logs are followed over a lost connection: nothing twice, nothing missing', async () => {
  await expect(0, ['deploy', await folder('chatty'), '--yes']);
  const [container] = [...world.containers.values()].filter(({ spec }) => spec.name.includes('chatty'));
  const name = container?.spec.name ?? '';
  const wire = await unreliableWire();
  try {
    engine.printLog(name, 'before');
    const running = start(['logs', 'chatty', '-f', '--api-url', wire.url], { env: { MINICLOUD_TOKEN: token } });
    let out = '';
    running.child.stdout?.on('data', (chunk) => {
      out += chunk;
    });
    const until = async (text: string) => {
      for (const deadline = Date.now() + 30_000; !out.includes(text); ) {
        assert.ok(Date.now() < deadline, `never printed ${text}:\n${out}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await until('before');
    engine.printLog(name, 'live 1');
    await until('live 1');
    wire.away = true;
    wire.cut();
    await running.says('Connection lost');
    engine.printLog(name, 'while away');
    wire.away = false;
    await running.says('The server is back');
    await until('while away');
    engine.printLog(name, 'live 2');
    await until('live 2');
    running.child.kill('SIGINT');
    assert.equal((await running.ended).code, 130);
    assert.deepEqual(
      out
        .trim()
        .split('\n')
        .map((line) => line.replace(/^\S+ \S+ +/, '')),
      ['before', 'live 1', 'while away', 'live 2'],
    );
  } finally {
    wire.close();
  }
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
  const env = { MINICLOUD_TOKEN: value };
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

/** A person at a terminal of that size, who answers questions. */
async function atTerminal(args: string[], answer: string, size: [number, number] = [80, 30]) {
  const terminal = createTerminalDouble(...size);
  const screen = createScreen(terminal, { TERM: 'xterm', LANG: 'C.UTF-8' });
  const asked: string[] = [];
  const io: Io = {
    out: screen,
    err: screen,
    env: {},
    cwd: work,
    home: path.join(root, 'person'),
    now: Date.now,
    interactive: true,
    ask: async (question) => {
      asked.push(question);
      screen.print([`${question}${answer}`]);
      return answer;
    },
    askSecret: async () => answer,
    readInput: async () => '',
    onInterrupt: () => () => {},
  };
  const code = await run(args, io, commands, '0.1.0');
  return { code, asked, terminal, shown: terminal.seen().map((line) => line.replace(/\s+/g, ' ')) };
}

test('on a terminal it asks, shows each step once, and leaves a tidy screen', async () => {
  const place = await folder('seen');
  const free = holdStarts('seen');
  setTimeout(free, 500);
  const { code, asked, terminal, shown } = await atTerminal(['deploy', place], 'y');
  assert.equal(code, 0, shown.join('\n'));
  assert.deepEqual(asked, ['Deploy? [y/N] ']);
  assert.equal(shown.filter((line) => line.startsWith('Deploying seen, release 1')).length, 1, shown.join('\n'));
  assert.equal(shown.filter((line) => /^ ✓ Start 1 replica of web /.test(line)).length, 1);
  assert.equal(shown.filter((line) => line.includes('Making the plan')).length, 0);
  assert.ok(shown.includes('seen is live: release 1'));
  assert.equal(terminal.cursorHidden(), false);
  assert.ok(terminal.written().includes('⠋') || terminal.written().includes('⠙'), 'it turned');
});

test('no is no', async () => {
  const { code, shown } = await atTerminal(['deploy', await folder('refused')], 'n');
  assert.equal(code, 130);
  assert.equal(shown.at(-1), 'Nothing was changed.');
  assert.equal((await cli(['apps:info', 'refused'])).code, 1);
});

test('a terminal of a few rows shows what runs now', async () => {
  const place = await folder('small', ['release: { command: ./migrate }']);
  const { code, shown } = await atTerminal(['deploy', place, '-y'], '', [40, 6]);
  assert.equal(code, 0, shown.join('\n'));
  assert.equal(shown.filter((line) => line.startsWith('Deploying small')).length, 1, shown.join('\n'));
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
