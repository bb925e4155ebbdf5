/** `minicloud serve` as somebody types it: what it prints, how one gets in, and what it says of bad words. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

const root = await mkdtemp(path.join(tmpdir(), 'minicloud-serve-'));
// Away from the bundle that an earlier `npm start` may have left, which would be run in place of these sources.
const bin = path.join(root, 'server/bin/minicloud.mjs');
await mkdir(path.dirname(bin), { recursive: true });
await copyFile(path.resolve(import.meta.dirname, '../bin/minicloud.mjs'), bin);
await symlink(import.meta.dirname, path.join(root, 'server/src'));
const children = new Set<ChildProcess>();
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(root, { recursive: true, force: true });
});

function start(args: string[], input = '') {
  const env = { PATH: process.env.PATH, HOME: path.join(root, 'person') };
  const child = spawn(process.execPath, [bin, ...args], { cwd: root, env });
  children.add(child);
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said.err += chunk;
  });
  child.stdin.end(input);
  const ended = once(child, 'close').then(([code]) => {
    children.delete(child);
    return { code: code as number | null, ...said };
  });
  return { child, said, ended };
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return String(port);
}

const settings = async (home: string) => [
  ...['--engine', 'memory', '--home', path.join(root, home), '--drain-ms', '0'],
  ...['--api-port', await freePort()],
];

/** Serves until something was printed; ends it as Ctrl-C does. */
async function served(args: string[]): Promise<{ out: string; err: string; stop: () => Promise<number | null> }> {
  const { child, said, ended } = start(args);
  const seen = new Promise<void>((resolve) => {
    // It comes in pieces.
    let quiet: NodeJS.Timeout | undefined;
    child.stdout.on('data', () => {
      clearTimeout(quiet);
      quiet = setTimeout(resolve, 1_000);
    });
    // All that it prints comes right after this line of its log.
    child.stderr.on('data', () => / serving |"serving"/.test(said.err) && setTimeout(resolve, 1_000));
  });
  const over = await Promise.race([seen, ended]);
  if (over) throw new Error(`it ended with ${over.code}:\n${over.out}${over.err}`);
  return {
    ...said,
    stop: async () => {
      child.kill('SIGINT');
      return (await ended).code;
    },
  };
}

test('alone, it prints a code by which the first administrator logs in, and no token', async () => {
  const words = await settings('alone');
  const first = await served(['serve', ...words]);
  const [code = ''] = /mc_code_[\w-]{43}/.exec(first.out) ?? [];
  assert.match(first.out, /minicloud login http:\/\/127\.0\.0\.1:\d+/);
  assert.match(first.out, /vscode:\/\/minicloud\.minicloud\/add-server\?url=/);
  assert.doesNotMatch(first.err, /mc_code_/, 'the log does not keep it');
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(first.out) ?? [];
  const login = await start(['login', url], `${code}\n`).ended;
  assert.equal(login.code, 0, login.err);
  const listed = await start(['tokens', '--json']).ended;
  assert.match(listed.out, /first administrator/);
  assert.equal((await start(['login', url], `${code}\n`).ended).code, 4, 'it worked once');
  assert.equal(await first.stop(), 0);
  assert.doesNotMatch(first.out + first.err, /mc_user_/);
  const second = await served(['serve', ...words]);
  assert.doesNotMatch(second.out, /mc_code_/, 'there is an administrator now');
  await second.stop();
});

test('--json before or behind the command gives the same facts as JSON, and options of all commands are no settings', async () => {
  const ready = path.join(root, 'given/ready.json');
  const serving = await served(['--no-color', '--json', 'serve', ...(await settings('given')), '--ready', ready]);
  const facts = JSON.parse(serving.out) as Record<string, unknown>;
  assert.deepEqual([facts.ready, facts.firstAdministrator], [ready, undefined]);
  assert.match(String(facts.apiUrl), /^http:\/\/127\.0\.0\.1:\d+$/);
  for (const line of serving.err.trim().split('\n')) JSON.parse(line);
  await serving.stop();
  const behind = await served(['serve', ...(await settings('behind')), '--json']);
  assert.match(
    (JSON.parse(behind.out) as { firstAdministrator: { code: string } }).firstAdministrator.code,
    /^mc_code_/,
  );
  await behind.stop();
});

test('Ctrl-C while it still starts stops it in order', async () => {
  const answers: Record<string, unknown> = {
    '/version': { Version: '29', ApiVersion: '1.47', MinAPIVersion: '1.24', Os: 'linux', Arch: 'amd64' },
    '/info': { MemTotal: 1, NCPU: 1 },
    '/containers/json': [],
  };
  const asked = Promise.withResolvers<void>();
  // An engine that says no more once it was connected to.
  const engine = createHttpServer((request, response) => {
    if (request.url === '/_ping') return response.end('OK');
    const [url = ''] = request.url?.split('?') ?? [];
    const answer = Object.entries(answers).find(([end]) => url.endsWith(end));
    if (answer) return response.end(JSON.stringify(answer[1]));
    return asked.resolve();
  });
  const socket = path.join(root, 'engine.sock');
  engine.listen(socket);
  await once(engine, 'listening');
  const home = ['--home', path.join(root, 'early'), '--api-port', await freePort()];
  const { child, ended } = start(['serve', ...home, '--engine-socket', socket, '--firewall', 'off']);
  await Promise.race([asked.promise, ended.then(({ err }) => assert.fail(err))]);
  child.kill('SIGINT');
  const { code, err } = await ended;
  engine.close().closeAllConnections();
  assert.equal(code, 0, err);
  assert.match(err, /apps keep serving/);
});

test('bad settings end with 2, as a command line that is not right does', async () => {
  const text = await start(['serve', '--api-port', 'x']).ended;
  assert.equal(text.code, 2);
  assert.match(text.err, /--api-port/);
  const json = await start(['--json', 'serve', '--api-prot', '1']).ended;
  const { problem, exitCode } = JSON.parse(json.err) as { problem: { why: string }; exitCode: number };
  assert.deepEqual([json.code, exitCode], [2, 2]);
  assert.match(problem.why, /--api-prot/);
  const uninstall = await start(['--no-color', 'uninstall', '--home', path.join(root, 'nowhere')]).ended;
  assert.match(uninstall.err, /holds no database/);
  const other = await start(['--json', 'version']).ended;
  assert.deepEqual([other.code, other.out.includes('"version"')], [0, true]);
});
