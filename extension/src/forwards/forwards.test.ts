/** Forwards over real sockets: a server that echoes, and one that refuses. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { openSocket } from '../servers/open-socket.ts';
import { createForwards, type Forward, type ForwardLink, type ForwardTo } from './forwards.ts';

const closing: (() => void)[] = [];
after(() => {
  for (const close of closing) close();
});

interface Remote {
  link: ForwardLink;
  /** Protocols that the last client offered. */
  protocols(): string;
  clients: Set<WebSocket>;
}

async function startRemote(serve: (socket: WebSocket) => void): Promise<Remote> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'minicloud.v1' });
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  let protocols = '';
  server.on('connection', (socket, request) => {
    protocols = String(request.headers['sec-websocket-protocol']);
    assert.ok(!String(request.url).includes('abc'), 'the ticket is in the address');
    serve(socket);
  });
  closing.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return {
    protocols: () => protocols,
    clients: server.clients,
    link: {
      ticket: async () => ({ ticket: 'abc', path: '/forwards', expiresAt: 0 }),
      socket: (ticket) => openSocket({ url: `http://127.0.0.1:${address.port}` }, ticket),
    },
  };
}

/** Answers every byte, and ends when the client has. */
function echo(socket: WebSocket): void {
  socket.send(JSON.stringify({ type: 'connected' }));
  socket.on('message', (data, isBinary) => {
    if (isBinary) socket.send(data, { binary: true });
    else {
      socket.send(JSON.stringify({ type: 'end' }));
      socket.close(1000);
    }
  });
}

const to: ForwardTo = { serverId: 's', app: 'shop', target: 'web', targetPort: 80 };

async function until(what: () => boolean): Promise<void> {
  for (let left = 1000; !what(); left -= 1) {
    assert.ok(left > 0, `never true: ${what}`);
    await sleep(5);
  }
}

async function through({ port }: Forward): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

test('bytes go both ways, whole and in order, and both ends end', async () => {
  const remote = await startRemote(echo);
  const forwards = createForwards();
  const forward = await forwards.start(to, 0, remote.link);
  const socket = connect({ port: forward.port, host: '127.0.0.1', allowHalfOpen: true });
  const sent = Buffer.alloc(3 * 1024 * 1024, 0).map((_, index) => index % 251);
  const got: Buffer[] = [];
  socket.on('data', (chunk) => got.push(chunk));
  socket.end(sent);
  await once(socket, 'end');
  assert.ok(Buffer.concat(got).equals(sent), 'not what was sent');
  assert.equal(remote.protocols(), 'minicloud.v1,ticket.abc');
  await until(() => forwards.all()[0]?.open === 0 && remote.clients.size === 0);
  forwards.dispose();
});

test('a taken port gives the next one', async () => {
  const remote = await startRemote(echo);
  const blocker = createServer();
  blocker.listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  closing.push(() => blocker.close());
  const address = blocker.address();
  assert.ok(typeof address === 'object' && address);
  const forwards = createForwards();
  const forward = await forwards.start(to, address.port, remote.link);
  assert.notEqual(forward.port, address.port);
  assert.equal(forward.address, `127.0.0.1:${forward.port}`);
  forwards.dispose();
});

test('an address is for browsers only when it is one, with the local port in it', async () => {
  const remote = await startRemote(echo);
  const forwards = createForwards();
  const template = (urlTemplate: string) => forwards.start({ ...to, urlTemplate }, 0, remote.link);
  const page = await template('http://127.0.0.1:{port}/');
  assert.equal(page.url, `http://127.0.0.1:${page.port}/`);
  assert.equal((await template('mysql://127.0.0.1:{port}')).url, undefined);
  assert.equal((await template('javascript:alert({port})')).url, undefined);
  forwards.dispose();
});

test('what the server refuses is told, and the local connection is reset', async () => {
  const problem = { what: 'Nothing listens', why: 'port 81 of web is closed' };
  const remote = await startRemote((socket) => {
    socket.send(JSON.stringify({ type: 'problem', problem }));
    socket.close();
  });
  const forwards = createForwards();
  const forward = await forwards.start(to, 0, remote.link);
  const socket = await through(forward);
  socket.on('error', () => {});
  await new Promise((resolve) => socket.on('close', resolve));
  assert.match(forwards.all()[0]?.problem ?? '', /Nothing listens: port 81 of web is closed/);
  forwards.dispose();
});

test('nothing is read from the client before the other end stands', async () => {
  let remoteSocket: WebSocket | undefined;
  const got: string[] = [];
  const remote = await startRemote((socket) => {
    remoteSocket = socket;
    socket.on('message', (data) => got.push(String(data)));
  });
  const forwards = createForwards();
  const socket = await through(await forwards.start(to, 0, remote.link));
  socket.write('early');
  await until(() => remoteSocket !== undefined);
  await sleep(50);
  assert.deepEqual(got, []);
  remoteSocket?.send(JSON.stringify({ type: 'connected' }));
  await until(() => got.join('') === 'early');
  forwards.dispose();
});

test('a reader that stops holds the server back, and loses nothing', async () => {
  const chunk = 256 * 1024;
  const chunks = 200;
  let sent = 0;
  const remote = await startRemote((socket) => {
    socket.send(JSON.stringify({ type: 'connected' }));
    const flood = (): void => {
      if (sent === chunks) return;
      socket.send(Buffer.alloc(chunk), { binary: true }, () => {
        sent += 1;
        flood();
      });
    };
    flood();
  });
  const forwards = createForwards();
  const socket = await through(await forwards.start(to, 0, remote.link));
  socket.pause();
  let before = -1;
  // Until it stands still: the buffers on the way are full.
  while (sent !== before) {
    before = sent;
    await sleep(150);
  }
  assert.ok(sent > 0 && sent < chunks, `${sent} of ${chunks} were taken though nobody reads`);
  let received = 0;
  socket.on('data', (data) => {
    received += data.length;
  });
  socket.resume();
  await until(() => received === chunks * chunk);
  forwards.dispose();
});

test('fifty forwards started, used and stopped leave no port, no socket and no listener', async () => {
  const remote = await startRemote(echo);
  const forwards = createForwards();
  const ended = forwards.onDidChange(() => {});
  for (let round = 0; round < 50; round += 1) {
    const forward = await forwards.start(to, 0, remote.link);
    const socket = await through(forward);
    socket.on('error', () => {});
    socket.write('x');
    await once(socket, 'data');
    forwards.stop(forward.id);
    await new Promise((resolve) => socket.on('close', resolve));
    const refused = connect(forward.port, '127.0.0.1');
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNREFUSED');
  }
  await until(() => remote.clients.size === 0);
  ended.dispose();
  assert.deepEqual(forwards.all(), []);
});
