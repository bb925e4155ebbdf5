/** A terminal's session over a real socket. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from 'minicloud-shared/client/describe-error';
import { ProblemError } from 'minicloud-shared/model/problem';
import { type WebSocket, WebSocketServer } from 'ws';
import { openSocket } from '../servers/open-socket.ts';
import { untranslated } from '../translate.ts';
import { createExecSession, type ExecSession, type ExecSessionOptions } from './exec-session.ts';

const closing: (() => void)[] = [];
after(() => {
  for (const close of closing) close();
});

interface Lab {
  session: ExecSession;
  server: WebSocketServer;
  screen(): string;
  closed(): number;
  remote(): Promise<WebSocket>;
  messages: string[];
}

async function startLab(change: Partial<ExecSessionOptions> = {}): Promise<Lab> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'minicloud.v1' });
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  closing.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  let screen = '';
  let closed = 0;
  let connected: WebSocket | undefined;
  const messages: string[] = [];
  server.on('connection', (socket) => {
    connected = socket;
    socket.on('message', (data, isBinary) => messages.push(`${isBinary ? '' : 'control '}${data}`));
  });
  const session = createExecSession({
    ticket: async () => ({ ticket: 'abc', path: '/terminals', expiresAt: 0 }),
    socket: (ticket) => openSocket({ url: `http://127.0.0.1:${address.port}` }, ticket),
    problem: (error) => describeError(error, 'test'),
    write: (text) => {
      screen += text;
    },
    closed: () => {
      closed += 1;
    },
    t: untranslated,
    ...change,
  });
  const remote = async (): Promise<WebSocket> => {
    await until(() => connected !== undefined);
    assert.ok(connected);
    return connected;
  };
  return { session, server, screen: () => screen, closed: () => closed, remote, messages };
}

async function until(what: () => boolean): Promise<void> {
  for (let left = 1000; !what(); left -= 1) {
    assert.ok(left > 0, `never true: ${what}`);
    await sleep(5);
  }
}

test('keys go there, output comes here, a character cut in two is whole', async () => {
  const { session, remote, screen, messages } = await startLab();
  await session.start({ cols: 100, rows: 30 });
  const socket = await remote();
  const euro = Buffer.from('10 €\r\n');
  socket.send(euro.subarray(0, 4), { binary: true });
  socket.send(euro.subarray(4), { binary: true });
  await until(() => screen() === '10 €\r\n');
  session.input('echo ü\r');
  session.input('\u0003');
  session.resize({ cols: 90, rows: 20 });
  await until(() => messages.length === 3);
  assert.deepEqual(messages, ['echo ü\r', '\u0003', 'control {"type":"resize","cols":90,"rows":20}']);
  session.end();
});

test('a window that was resized while the socket opened is told so', async () => {
  const { session, messages } = await startLab();
  const started = session.start({ cols: 80, rows: 24 });
  session.resize({ cols: 120, rows: 40 });
  await started;
  await until(() => messages.length === 1);
  assert.deepEqual(messages, ['control {"type":"resize","cols":120,"rows":40}']);
  session.end();
});

test('the exit code is told, and the next key closes the terminal', async () => {
  const { session, remote, screen, closed, server } = await startLab();
  await session.start({ cols: 80, rows: 24 });
  const socket = await remote();
  socket.send(JSON.stringify({ type: 'exit', code: 7 }));
  socket.close(1000);
  await until(() => screen().includes('Ended with exit code 7.'));
  assert.match(screen(), /Press any key to close\./);
  assert.equal(closed(), 0);
  session.input('x');
  assert.equal(closed(), 1);
  await until(() => server.clients.size === 0);
  assert.equal(screen().match(/Press any key/g)?.length, 1, 'told twice');
});

test('what the server refuses is told with what to do', async () => {
  const lab = await startLab({
    ticket: () =>
      Promise.reject(
        new ProblemError({
          code: 'not_available',
          what: 'There is no shell',
          object: 'app shop',
          why: 'The image has none.',
          remedy: 'Name a program.',
        }),
      ),
  });
  await lab.session.start({ cols: 80, rows: 24 });
  assert.match(lab.screen(), /There is no shell: The image has none\./);
  assert.match(lab.screen(), /Name a program\./);
});

test('a connection that breaks is told, and nothing is sent into it', async () => {
  const { session, remote, screen, closed } = await startLab();
  await session.start({ cols: 80, rows: 24 });
  (await remote()).terminate();
  await until(() => screen().includes('The connection was lost'));
  session.input('q');
  assert.equal(closed(), 1);
});

test('closing the terminal while it opens leaves no socket', async () => {
  for (let round = 0; round < 50; round += 1) {
    const { session, server } = await startLab();
    const started = session.start({ cols: 80, rows: 24 });
    if (round % 2 === 0) await started;
    session.end();
    await started;
    await until(() => server.clients.size === 0);
    server.close();
  }
});
