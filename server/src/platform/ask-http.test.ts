import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { askHttp } from './ask-http.ts';

const never = new AbortController().signal;
let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'minicloud-ask-'));
});
after(() => rm(folder, { recursive: true, force: true }));

let count = 0;
async function serving<T>(server: Server, run: (to: { socketPath: string }) => Promise<T>): Promise<T> {
  count += 1;
  const socketPath = path.join(folder, `${count}.sock`);
  await new Promise<void>((resolve) => server.listen(socketPath, () => resolve()));
  try {
    return await run({ socketPath });
  } finally {
    if ('closeAllConnections' in server) (server as ReturnType<typeof createServer>).closeAllConnections();
    server.close();
  }
}
const answering = (listener: RequestListener) => createServer(listener);

test('method, path, headers and a streamed body arrive; status and text come back', async () => {
  const server = answering(async (request, response) => {
    const body = await textOf(request);
    response.writeHead(409).end(`${request.method} ${request.url} ${request.headers['x-kind']} ${body.length}`);
  });
  const answer = await serving(server, (to) =>
    askHttp({
      ...{ to, method: 'PATCH', path: '/table?x=1', headers: { 'x-kind': 'lines' }, signal: never },
      body: Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(10_000, 'a'))),
    }),
  );
  assert.deepEqual(answer, { status: 409, text: 'PATCH /table?x=1 lines 1000000' });
});

test('a body without end is read as far as wanted', async () => {
  const server = answering((_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(1000)));
    };
    response.on('drain', more);
    more();
  });
  const answer = await serving(server, (to) => askHttp({ to, path: '/', signal: never, mostBytes: 1500 }));
  assert.deepEqual([answer.status, answer.text.length], [200, 1500]);
});

test('another protocol, that nobody asked for: its status', async () => {
  const server = createTcpServer((socket) =>
    socket.once('data', () =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    ),
  );
  const answer = await serving(server, (to) => askHttp({ to, path: '/', signal: AbortSignal.timeout(10_000) }));
  assert.deepEqual(answer, { status: 101, text: '' });
});

const failures: [what: string, server: () => Server, code: string][] = [
  ['hung up on', () => createTcpServer((socket) => socket.once('data', () => socket.destroy())), 'ECONNRESET'],
  ['no HTTP', () => createTcpServer((socket) => socket.end('hello\r\n\r\n')), 'HPE_INVALID_CONSTANT'],
];
for (const [what, server, code] of failures) {
  test(`${what}: ${code}`, async () => {
    await serving(server(), (to) =>
      assert.rejects(askHttp({ to, path: '/', signal: never }), (error: NodeJS.ErrnoException) => error.code === code),
    );
  });
}

test('nobody there: as the system says it', async () => {
  const to = { socketPath: path.join(folder, 'nobody.sock') };
  await assert.rejects(
    askHttp({ to, path: '/', signal: never }),
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
});

for (const [what, server] of [
  ['before an answer', answering(() => {})],
  ['in the middle of an answer', answering((_request, response) => void response.write('a part'))],
] as const) {
  test(`${what} that does not come the signal ends it, with its own reason`, async () => {
    await serving(server, (to) =>
      assert.rejects(askHttp({ to, path: '/', signal: AbortSignal.timeout(100) }), { name: 'TimeoutError' }),
    );
  });
}
