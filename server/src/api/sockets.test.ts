/** Sockets of terminals and forwards: who gets one, what may be in it, when it ends. The attacks are here. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { socketProtocol, type Ticket, ticketProtocol } from 'minicloud-shared/model/socket';
import { outputByte } from 'minicloud-shared/model/terminal';
import { WebSocket } from 'ws';
import { ask, eventually, type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';
import type { MemorySession } from '../adapters/engine/memory-live.ts';

let companion: MemoryCompanion;
/** What runs in the containers now, newest last. */
const sessions: { argv: string[]; session: MemorySession }[] = [];
let play = (_argv: string[], session: MemorySession) => {
  session.onInput((data) => session.print(data));
  session.onEnd(() => session.exit(3));
};

before(async () => {
  companion = await startMemoryCompanion({
    behaviour: () => ({
      exec: (argv) => ({ exitCode: argv[0] === 'sh' ? 0 : 127 }),
      interactive(argv, session) {
        sessions.push({ argv, session });
        play(argv, session);
      },
    }),
  });
  for (const app of ['apple', 'zebra']) {
    const made = await companion.deploy(`name: ${app}\nimage: ${app}-image:1\nexpose: [{ port: 80 }]\n`);
    assert.equal(made.state, 'succeeded', JSON.stringify(made.problem));
  }
});
after(() => companion.stop());

interface Opened {
  socket: WebSocket;
  texts: string[];
  bytes(): Buffer;
  /** Close code, once closed. */
  closed: Promise<number>;
}

function open(ticket: Ticket, more: { protocols?: string[]; origin?: string; path?: string } = {}): Promise<Opened> {
  const url = `${companion.url.replace('http', 'ws')}${more.path ?? ticket.path}`;
  const protocols = more.protocols ?? [socketProtocol, ticketProtocol(ticket.ticket)];
  const socket = new WebSocket(url, protocols, { ...(more.origin === undefined ? {} : { origin: more.origin }) });
  const parts: Buffer[] = [];
  const opened: Opened = {
    socket,
    texts: [],
    bytes: () => Buffer.concat(parts),
    closed: new Promise((resolve) => socket.on('close', resolve)),
  };
  socket.on('message', (data: Buffer, binary) => {
    if (binary) parts.push(data);
    else opened.texts.push(data.toString());
  });
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(opened));
    socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => reject(new Error(`${response.statusCode} ${body}`)));
    });
    socket.on('error', reject);
  });
}

const terminal = (more: object = {}) => companion.client.terminals.open.mutate({ app: 'apple', ...more });
const forward = (more: object = {}) =>
  companion.client.forwards.open.mutate({ app: 'apple', target: 'web', port: 80, ...more });
const events = async (kind: string) =>
  (await companion.cloud.events.after(0, 5000))
    .filter(({ body }) => body.kind === kind)
    .map(({ by, body }) => ({ by, ...body }));

test('a terminal from its ticket to its exit code, and the log tells of both', async () => {
  const ticket = await terminal({ cols: 120, rows: 40, argv: ['tool', '--password=hunter22'] });
  assert.deepEqual([ticket.process, ticket.replica, ticket.path], ['web', 1, '/terminals']);
  const { socket, texts, bytes, closed } = await open(ticket);
  assert.equal(socket.protocol, socketProtocol, 'the ticket is not repeated');
  await eventually('the program runs', () => sessions.at(-1)?.argv[0] === 'tool');
  const session = sessions.at(-1)?.session;
  assert.deepEqual(session?.size(), { cols: 120, rows: 40 });
  assert.equal(session?.env.TERM, 'xterm-256color');
  socket.send(Buffer.from('hello'));
  await eventually('the answer', () => bytes().toString() === 'hello');
  socket.send(JSON.stringify({ type: 'resize', cols: 80, rows: 25 }));
  await eventually('the size', () => session?.size()?.cols === 80);
  for (const odd of ['{', '{"type":"resize","cols":-1,"rows":2}', '{"type":"nonsense"}', '[]']) socket.send(odd);
  session?.exit(7);
  assert.equal(await closed, 1000);
  assert.deepEqual(texts, ['{"type":"exit","code":7}']);
  const told = await events('terminal.changed');
  assert.deepEqual(
    told.map((event) => ('state' in event ? event.state : '')),
    ['opened', 'closed'],
  );
  assert.match(JSON.stringify(told), /"by":"test administrator".*"exit code 7"/);
  assert.doesNotMatch(JSON.stringify(told), /hunter22/);
});

test('without a terminal both outputs are apart and the input can end', async () => {
  const { socket, texts, bytes, closed } = await open(await terminal({ tty: false }));
  const session = () => sessions.at(-1)?.session;
  await eventually('the program runs', () => session()?.size() === undefined);
  assert.deepEqual(sessions.at(-1)?.argv, ['sh'], 'bash is not there, sh is');
  session()?.print('x', 'stderr');
  await eventually('the error', () => bytes().equals(Buffer.of(outputByte.stderr, 120)));
  socket.send(JSON.stringify({ type: 'end' }));
  await closed;
  assert.deepEqual(texts, ['{"type":"exit","code":3}']);
});

test('a ticket opens one socket, once, soon, at its own path', async () => {
  const used = await terminal();
  const { socket, closed } = await open(used);
  await assert.rejects(open(used), /401.*unauthorized/);
  socket.close();
  await closed;
  const elsewhere = await terminal();
  await assert.rejects(open(elsewhere, { path: '/forwards' }), /401/);
  await assert.rejects(open(elsewhere, { path: '/nothing' }), /404/);
  await assert.rejects(open(elsewhere, { protocols: [ticketProtocol(elsewhere.ticket)] }), /401/);
  const late = await forward();
  companion.pass(31_000);
  await assert.rejects(open(late), /401/);
  await assert.rejects(open({ ticket: 'x'.repeat(43), path: '/terminals', expiresAt: 0 }), /401/);
  // A token is no ticket, wherever it is put.
  await assert.rejects(open({ ...late, ticket: companion.admin }), /401/);
  await assert.rejects(open(late, { path: `/terminals?token=${companion.admin}` }), /401/);
  const plain = await ask(`${companion.url}/terminals`, { headers: { authorization: `Bearer ${companion.admin}` } });
  assert.equal(plain.status, 404);
});

test('pages of other origins and other names of the host are refused, and use no ticket up', async () => {
  const ticket = await terminal();
  await assert.rejects(open(ticket, { origin: 'https://evil.example' }), /403/);
  const { socket, closed } = await open(ticket, { origin: companion.url });
  socket.close();
  await closed;
});

test('other apps, too little scope, and what is not the app’s own are refused', async () => {
  const limited = companion.clientOf((await companion.token('deploy', { apps: ['apple'] })).value);
  await assert.rejects(limited.terminals.open.mutate({ app: 'zebra' }), /refused/);
  await assert.rejects(limited.forwards.open.mutate({ app: 'zebra', target: 'web', port: 80 }), /refused/);
  await assert.rejects(limited.forwards.credentials.mutate({ app: 'apple', localPort: 1 }), /refused/);
  const reader = companion.clientOf((await companion.token('read')).value);
  await assert.rejects(reader.terminals.open.mutate({ app: 'apple' }), /refused/);
  await assert.rejects(reader.forwards.open.mutate({ app: 'apple', target: 'web', port: 80 }), /refused/);
  assert.equal((await reader.forwards.targets.query({ app: 'apple' }))[0]?.target, 'web');
  for (const target of ['127.0.0.1', 'mariadb', '169.254.169.254', 'zebra', 'host', '../web']) {
    await assert.rejects(forward({ target }), /nothing to forward to/, target);
  }
  await assert.rejects(terminal({ process: 'nosuch' }), /nothing to open a terminal in/);
  await assert.rejects(terminal({ replica: 9 }), /nothing to open a terminal in/);
  await assert.rejects(terminal({ argv: ['a\0b'] }));
  await assert.rejects(terminal({ cols: 5000, rows: 1 }));
});

test('a program ends when its person goes, however', async () => {
  for (const leave of ['close', 'terminate'] as const) {
    const { socket } = await open(await terminal());
    const count = companion.engine.world.execs.size;
    await eventually('the program runs', () => companion.engine.world.execs.size > 0 && count >= 0);
    socket[leave]();
    await eventually(`the program ended after ${leave}`, () => companion.engine.world.execs.size === 0);
  }
  await eventually('nothing is remembered', () => terminalRows().then((rows) => rows === 0));
});

async function terminalRows(): Promise<number> {
  return (await companion.cloud.db.selectFrom('terminals').selectAll().execute()).length;
}

test('a revoked token ends what it opened, and its tickets', async () => {
  const { token, value } = await companion.token('deploy');
  const client = companion.clientOf(value);
  const held = await client.terminals.open.mutate({ app: 'apple' });
  const { closed } = await open(await client.terminals.open.mutate({ app: 'apple' }));
  const forwarded = await open(await client.forwards.open.mutate({ app: 'apple', target: 'web', port: 80 }));
  await eventually('both are open', () => companion.engine.world.execs.size === 1 && forwarded.texts.length === 1);
  await companion.client.tokens.revoke.mutate({ id: token.id });
  await closed;
  await forwarded.closed;
  await eventually('the program ended', () => companion.engine.world.execs.size === 0);
  const after = await open(held);
  assert.equal(await after.closed, 1000);
  assert.equal(companion.engine.world.execs.size, 0, 'nothing was started by it');
});

test('a message that is too large closes the socket, and nothing else', async () => {
  const other = await open(await terminal());
  const { socket, closed } = await open(await terminal());
  socket.send(Buffer.alloc(1024 * 1024 + 1));
  assert.equal(await closed, 1009);
  other.socket.send(Buffer.from('still here'));
  await eventually('the other answers', () => other.bytes().toString() === 'still here');
  other.socket.close();
  await other.closed;
});

test('a client that sends faster than the program reads is held back, not buffered', async () => {
  let taken = 0;
  let goOn = () => {};
  const stalled = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const usual = play;
  play = (_argv, session) =>
    session.onInput((data) => {
      taken += data.length;
    });
  const write = companion.engine.startExec;
  companion.engine.startExec = async (...args) => {
    const running = await write(...args);
    return { ...running, write: async (data) => stalled.then(() => running.write(data)) };
  };
  try {
    const { socket, closed } = await open(await terminal());
    const size = 64 * 1024;
    const chunk = randomBytes(size);
    const total = 64 * 1024 * 1024;
    for (let sent = 0; sent < total; sent += size) socket.send(chunk);
    // What the server did not take stays with the client: kernel buffers hold a few megabytes at most.
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.ok(socket.bufferedAmount > total / 2, `only ${socket.bufferedAmount} bytes were held back`);
    goOn();
    await eventually('all of it arrives', () => taken === total);
    socket.close();
    await closed;
  } finally {
    companion.engine.startExec = write;
    play = usual;
  }
});

test('at most ten terminals of an app, and the next is told so', async () => {
  const all = await Promise.all(Array.from({ length: 10 }, async () => open(await terminal())));
  await eventually('ten run', () => companion.engine.world.execs.size === 10);
  await assert.rejects(terminal(), /Too many terminals/);
  const other = await companion.client.terminals.open.mutate({ app: 'zebra' });
  assert.equal(other.process, 'web', 'another app has its own');
  for (const { socket } of all) socket.close();
  await eventually('all ended', () => companion.engine.world.execs.size === 0);
  // Tickets that were given out before the app was full don't get in either.
  const tickets = await Promise.all(Array.from({ length: 12 }, () => terminal()));
  const crowd = await Promise.all(tickets.map((ticket) => open(ticket)));
  const refused = () => crowd.filter(({ texts }) => texts.some((text) => text.includes('Too many terminals'))).length;
  await eventually('two are turned away', () => refused() === 2);
  for (const { socket } of crowd) socket.close();
  await eventually('all ended again', () => companion.engine.world.execs.size === 0);
});

test('two hundred idle connections take nothing from others', async () => {
  const idle = await Promise.all(Array.from({ length: 200 }, async () => open(await forward())));
  await eventually('all stand', () => idle.every(({ texts }) => texts.includes('{"type":"connected"}')));
  await assert.rejects(forward(), /Too many connections/);
  assert.equal((await companion.client.system.info.query()).apiVersion, 1);
  const { socket } = await open(await terminal());
  for (const each of [...idle.map((one) => one.socket), socket]) each.terminate();
  await eventually('there is room again', () =>
    forward().then(
      () => true,
      () => false,
    ),
  );
  const told = await events('forward.changed');
  assert.ok(
    told.filter((event) => 'state' in event && event.state === 'opened').length < 10,
    'one event, not one each',
  );
});

test('a connection: bytes both ways, a half-close, an end', async () => {
  const data = randomBytes(1024 * 1024);
  const { socket, texts, bytes, closed } = await open(await forward());
  for (let at = 0; at < data.length; at += 32_768) socket.send(data.subarray(at, at + 32_768));
  socket.send(JSON.stringify({ type: 'end' }));
  assert.equal(await closed, 1000);
  assert.ok(bytes().equals(data));
  assert.deepEqual(texts, ['{"type":"connected"}', '{"type":"end"}']);
});

test('stopping the companion ends programs and sockets at once', async () => {
  const own = await startMemoryCompanion();
  const world = own.engine.world;
  await own.deploy('name: apple\nimage: a:1\nexpose: [{ port: 80 }]\n');
  const before = companion;
  companion = own;
  try {
    const { closed } = await open(await terminal());
    const forwarded = await open(await forward());
    await eventually('it runs', () => world.execs.size === 1);
    await own.stop();
    await closed;
    await forwarded.closed;
    assert.equal(world.execs.size, 0);
  } finally {
    companion = before;
  }
});
