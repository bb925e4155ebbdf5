/** Terminals, forwards and metrics on the real engine: what people and attackers meet. */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { socketProtocol, type Ticket, ticketProtocol } from 'minicloud-shared/model/socket';
import { createConnection } from 'mysql2/promise';
import { WebSocket } from 'ws';
import { type Lab, startLab } from '../harness/companion.ts';

const cliEntry = path.resolve(import.meta.dirname, '../../server/src/cli/main.ts');
const manifest = `
name: live
image: minicloud-test/app:1
expose: [{ port: 8080 }]
healthcheck: { path: /healthz, port: 8080 }
needs: [database]
processes:
  web: { count: 2 }
  worker: { command: [testapp, sleep, "100000"] }
`;
let lab: Lab;

before(async () => {
  lab = await startLab({ block: 128 });
  const operation = await lab.deploy(manifest);
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem, null, 1));
});
after(() => lab.remove());

interface Open {
  socket: WebSocket;
  texts: string[];
  bytes(): Buffer;
  says(pattern: RegExp): Promise<void>;
  closed: Promise<void>;
}

async function open(ticket: Ticket): Promise<Open> {
  const address = `${lab.ready.apiUrl.replace('http', 'ws')}${ticket.path}`;
  const socket = new WebSocket(address, [socketProtocol, ticketProtocol(ticket.ticket)]);
  const parts: Buffer[] = [];
  const texts: string[] = [];
  const bytes = () => Buffer.concat(parts);
  socket.on('message', (data: Buffer, binary) => {
    if (binary) parts.push(data);
    else texts.push(data.toString());
  });
  const closed = once(socket, 'close').then(() => {});
  await once(socket, 'open');
  const says = (pattern: RegExp) =>
    until(
      `${pattern}`,
      () => pattern.test(bytes().toString()),
      () => bytes().toString(),
    );
  return { socket, texts, bytes, says, closed };
}

async function until(what: string, check: () => boolean | Promise<boolean>, seen = () => ''): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`this did not come: ${what} in ${JSON.stringify(seen())}`);
    await sleep(20);
  }
}

/** Command lines of this machine's processes that hold the text: containers' processes are among them. */
async function running(text: string): Promise<string[]> {
  const lines = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.map((line) => line.replaceAll('\0', ' ').trim()).filter((line) => line.includes(text));
}

const terminal = (more: object = {}) => lab.client.terminals.open.mutate({ app: 'live', ...more });

test('a terminal: the shell that there is, its size, a new size, Ctrl-C, exit code 7', async () => {
  const ticket = await terminal({ cols: 111, rows: 37 });
  assert.deepEqual([ticket.argv, ticket.process], [['bash'], 'web']);
  const { socket, texts, says, closed, bytes } = await open(ticket);
  socket.send(Buffer.from('stty size; id -u; tty\n'));
  await says(/^37 111\r$/m);
  await says(/^\/dev\/pts\/\d+\r$/m);
  socket.send(JSON.stringify({ type: 'resize', cols: 90, rows: 20 }));
  // The engine passes a new size on when it comes to it.
  await until('the new size', async () => {
    socket.send(Buffer.from('stty size\n'));
    await sleep(200);
    return /^20 90\r$/m.test(bytes().toString());
  });
  socket.send(Buffer.from('sleep 98765\n'));
  await until('sleep runs', async () => (await running('sleep 98765')).length > 0);
  socket.send(Buffer.from('\u0003'));
  await until('sleep ended', async () => (await running('sleep 98765')).length === 0);
  socket.send(Buffer.from('exit 7\n'));
  await closed;
  assert.deepEqual(texts, ['{"type":"exit","code":7}'], bytes().toString());
});

test('the baseline holds inside: what the replica itself may do, and no more', async () => {
  const { says, closed, bytes } = await open(
    await terminal({
      tty: false,
      argv: ['grep', '-h', '-E', '^(Cap|NoNewPrivs|Seccomp:|Uid)', '/proc/1/status', '/proc/self/status'],
    }),
  );
  await says(/NoNewPrivs[\s\S]*NoNewPrivs/);
  await closed;
  // A byte before every message says which output it is.
  const lines = bytes().toString().replaceAll('\u0001', '').trim().split('\n');
  const half = lines.length / 2;
  assert.deepEqual(lines.slice(half), lines.slice(0, half));
  assert.ok(lines.includes('NoNewPrivs:\t1') && lines.includes('Seccomp:\t2'), lines.join());
});

test('who goes takes everything along: shell, child and background child', async () => {
  for (const leave of ['close', 'terminate'] as const) {
    const mark = leave === 'close' ? '43210' : '43211';
    const { socket, says } = await open(await terminal());
    socket.send(Buffer.from(`sleep ${mark}1 & sleep ${mark}2 & echo r''eady; sleep ${mark}3\n`));
    await says(/^ready\r$/m);
    await until('three sleep', async () => (await running(`sleep ${mark}`)).length === 3);
    socket[leave]();
    await until(`nothing is left after ${leave}`, async () => (await running(`sleep ${mark}`)).length === 0);
  }
  assert.equal((await lab.client.apps.get.query({ name: 'live' })).state, 'running', 'the app itself goes on');
});

test('a companion that is killed leaves shells behind, and the next one ends them', async () => {
  const { socket, says } = await open(await terminal());
  socket.send(Buffer.from("sleep 54321 & echo r''eady; wait\n"));
  await says(/^ready\r$/m);
  await lab.stop('SIGKILL');
  assert.equal((await running('sleep 54321')).length, 1, 'nobody could end it');
  await lab.start();
  assert.equal((await running('sleep 54321')).length, 0);
  const closed = lab.rows<{ body_json: string }>("SELECT body_json FROM events WHERE body_json LIKE '%started again%'");
  assert.equal(closed.length, 1);
  assert.equal(lab.rows('SELECT * FROM terminals').length, 0);
});

test('an image without the shell that one asks for says so by its exit code', async () => {
  const { texts, closed } = await open(await terminal({ argv: ['/nothing/here'] }));
  await closed;
  assert.match(texts.join(), /"code":12[67]|"type":"problem"/);
});

function cli(args: string[], input?: string | Buffer) {
  const child = spawn(process.execPath, [cliEntry, ...args], {
    env: { ...process.env, MINICLOUD_API_URL: lab.ready.apiUrl, MINICLOUD_TOKEN: lab.ready.token, HOME: lab.home },
  });
  if (input !== undefined) child.stdin.end(input);
  const output = { out: [] as Buffer[], err: '' };
  child.stdout.on('data', (data: Buffer) => output.out.push(data));
  child.stderr.on('data', (data: Buffer) => {
    output.err += data.toString();
  });
  const out = () => Buffer.concat(output.out);
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out: out(), err: output.err }));
  return { child, ended, out };
}

test('minicloud exec in a pipe: a megabyte both ways unchanged, outputs apart, the program’s exit code', async () => {
  const data = randomBytes(1024 * 1024);
  const through = await cli(['exec', 'live', '--', 'cat'], data).ended;
  assert.equal(through.code, 0, through.err);
  assert.ok(through.out.equals(data));
  const apart = await cli(['exec', 'live', '-p', 'worker', '--', 'bash', '-c', 'echo out; echo err >&2; exit 7'], '')
    .ended;
  assert.deepEqual([apart.code, apart.out.toString(), apart.err], [7, 'out\n', 'err\n']);
  const missing = await cli(['exec', 'live', '-p', 'nosuch'], '').ended;
  assert.equal(missing.code, 1);
  assert.match(missing.err, /What runs is .*web\.1.*web\.2.*worker\.1/);
});

test('minicloud exec on a terminal: keys go through, the screen is given back, the exit code is passed on', async () => {
  // `script` gives it a terminal.
  const words = [process.execPath, cliEntry, 'exec', 'live'].join(' ');
  const child = spawn('script', ['-qec', words, '/dev/null'], {
    env: { ...process.env, MINICLOUD_API_URL: lab.ready.apiUrl, MINICLOUD_TOKEN: lab.ready.token, HOME: lab.home },
  });
  let seen = '';
  child.stdout.on('data', (data: Buffer) => {
    seen += data.toString();
  });
  const says = (pattern: RegExp) =>
    until(
      `${pattern}`,
      () => pattern.test(seen),
      () => seen,
    );
  await says(/[$#] $/);
  child.stdin.write('tty; sleep 76543\r');
  await says(/\/dev\/pts\//);
  await until('sleep runs', async () => (await running('sleep 76543')).length > 0);
  child.stdin.write('\u0003');
  await until('sleep ended', async () => (await running('sleep 76543')).length === 0);
  child.stdin.write('exit 9\r');
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 9, seen);
});

async function forwarded(
  target: string,
): Promise<{ child: ChildProcessWithoutNullStreams; port: number; url: string }> {
  const { child, ended, out } = cli(['forward', 'live', target, '--json']);
  const failed = ended.then(({ err }) => {
    throw new Error(`forward ended: ${err}`);
  });
  failed.catch(() => {});
  await Promise.race([until('it listens', () => out().includes('\n')), failed]);
  const { address, url } = JSON.parse(out().toString()) as { address: string; url: string };
  return { child, port: Number(address.split(':')[1]), url };
}

test('minicloud forward: a page, an upload of some megabytes, a WebSocket, many connections', async () => {
  const { child, url, port } = await forwarded('web:8080');
  try {
    const page = (await (await fetch(url)).json()) as { process: string };
    assert.ok(page);
    const body = randomBytes(4 * 1024 * 1024);
    const upload = await fetch(`${url}upload`, { method: 'POST', body });
    assert.match(await upload.text(), new RegExp(createHash('sha256').update(body).digest('hex')));
    const all = await Promise.all(Array.from({ length: 30 }, () => fetch(`${url}bytes?n=100000`)));
    for (const answer of all) assert.equal((await answer.arrayBuffer()).byteLength, 100_000);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    await once(socket, 'open');
    socket.send('hello');
    const [message] = (await once(socket, 'message')) as [Buffer];
    assert.equal(message.toString(), 'hello');
    socket.close();
  } finally {
    child.kill('SIGINT');
  }
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 130);
});

test('minicloud forward to the database: a real client, with the app’s own credentials', async () => {
  const { child, port } = await forwarded('mariadb');
  try {
    const { url, env } = await lab.client.forwards.credentials.mutate({ app: 'live', localPort: port });
    assert.equal(env, 'DATABASE_URL');
    const connection = await createConnection({ uri: url });
    const [rows] = await connection.query('SELECT DATABASE() AS name, REPEAT("x", 1000000) AS much');
    const [row] = rows as { name: string; much: string }[];
    assert.match(row?.name ?? '', /^live_/);
    assert.equal(row?.much.length, 1_000_000);
    await connection.end();
    const password = new URL(url).password;
    assert.ok(password.length > 10);
    assert.ok(!lab.log().includes(password));
    const told = lab.rows<{ body_json: string; by: string }>(
      "SELECT body_json, by FROM events WHERE body_json LIKE '%forward.changed%'",
    );
    assert.ok(told.some(({ body_json }) => body_json.includes('"credentials"')));
    assert.ok(told.some(({ body_json }) => body_json.includes('"opened"') && body_json.includes('3306')));
    assert.ok(told.every(({ body_json }) => !body_json.includes(password)));
  } finally {
    child.kill('SIGINT');
  }
});

test('what nobody listens on, and what is not the app’s own, is refused in words', async () => {
  const { texts, closed } = await open(await lab.client.forwards.open.mutate({ app: 'live', target: 'web', port: 9 }));
  await closed;
  assert.match(texts.join(), /"problem".*nothing listens there/);
  const open9 = (target: string, port: number) => lab.client.forwards.open.mutate({ app: 'live', target, port });
  await assert.rejects(open9('mariadb', 22), /nothing to forward to/);
  await assert.rejects(open9('host', 22), /nothing to forward to/);
  const operation = await lab.deploy(
    'name: other\nimage: minicloud-test/app:1\nexpose: [{ port: 8080 }]\nhealthcheck: { path: /healthz, port: 8080 }\n',
  );
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.problem));
  const other = (target: string, port: number) => lab.client.forwards.open.mutate({ app: 'other', target, port });
  await assert.rejects(other('mariadb', 3306), /nothing to forward to/, 'it needs no database');
  await assert.rejects(lab.client.forwards.credentials.mutate({ app: 'other', localPort: 1 }), /no such credentials/);
});

test('detail and metrics tell what runs, uses and answers', async () => {
  for (let n = 0; n < 40; n += 1) assert.equal((await lab.get('live.localhost', '/bytes?n=10')).status, 200);
  assert.equal((await lab.get('live.localhost', '/status?code=500')).status, 500);
  const detail = await lab.client.apps.get.query({ name: 'live' });
  assert.deepEqual(
    detail.processes.map(({ name, kind, count }) => [name, kind, count]),
    [
      ['web', 'process', 2],
      ['worker', 'process', 1],
    ],
  );
  assert.equal(detail.replicas.length, 3);
  for (const replica of detail.replicas) {
    assert.ok((replica.memoryBytes ?? 0) > 100_000, JSON.stringify(replica));
    assert.ok((replica.memoryLimitBytes ?? 0) > 0 && (replica.startedAt ?? 0) > 0);
    assert.equal(replica.restarts, 0);
  }
  const [route] = detail.routes;
  assert.deepEqual([route?.host, route?.path, route?.process, route?.port], ['live.localhost', '/', 'web', 8080]);
  assert.equal(route?.certificate.kind, 'local');
  assert.match(route?.certificate.issuer ?? '', /Minicloud/i);
  assert.ok((route?.certificate.notAfter ?? 0) > Date.now());
  assert.equal(detail.activity[0]?.kind, 'deploy');

  // The watched tier looks every 15 seconds; two looks make a rate. Which look sees which requests is chance: what is
  // waited for is the look that saw the slow ones.
  await lab.client.metrics.app.query({ app: 'live' });
  for (let n = 0; n < 30; n += 1) await lab.get('live.localhost', '/sleep?ms=20');
  await until('the slow requests were measured', async () => {
    const { routes, processes } = await lab.client.metrics.app.query({ app: 'live', sinceMs: 600_000 });
    const { requests = [], p99 = [] } = routes.find(({ host }) => host === 'live.localhost') ?? {};
    return (
      requests.some((rate) => (rate ?? 0) > 0) &&
      p99.some((ms) => (ms ?? 0) >= 10) &&
      processes.some(({ cpu }) => cpu.some((cores) => (cores ?? 0) > 0))
    );
  });
  const { routes, processes } = await lab.client.metrics.app.query({ app: 'live', sinceMs: 600_000 });
  const measured = routes.find(({ host }) => host === 'live.localhost');
  const p99 = Math.max(...(measured?.p99 ?? []).map((value) => value ?? 0));
  assert.ok(p99 >= 10 && p99 < 10_000, `p99 ${p99}`);
  const [web, worker] = ['web', 'worker'].map((name) => processes.find((each) => each.process === name));
  assert.equal(web?.replicas, 2);
  // Its only route is all that it answers; what has no route answers nothing.
  assert.equal(measured?.process, 'web');
  const { requests = [], p99: slowest = [] } = web?.answers ?? {};
  assert.ok(requests.some((rate) => (rate ?? 0) > 0) && slowest.some((ms) => (ms ?? 0) >= 10), JSON.stringify(web));
  assert.equal(worker?.kind, 'process');
  assert.equal(worker.answers, undefined);
  const shown = await cli(['metrics', 'live'], '').ended;
  assert.equal(shown.code, 0, shown.err);
  assert.match(shown.out.toString(), /web +2 [\s\S]*PROCESS, ROUTE[\s\S]*\nweb +\d/);
});
