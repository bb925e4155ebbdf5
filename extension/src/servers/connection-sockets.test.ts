/** A connection over real HTTP, opened and closed again and again: what is left of it on the wire. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { initTRPC, tracked } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { connectApi } from './api.ts';
import { createConnection } from './connection.ts';
import { sourceOf } from './source.ts';

const t = initTRPC.create({ sse: { ping: { enabled: true, intervalMs: 50 } } });
const waitMs = 15_000;

const fake = { sockets: new Set<Socket>(), mostSockets: 0, streams: 0, opened: 0, close: () => {} };
after(() => fake.close());

async function startFake(): Promise<string> {
  const router = t.router({
    system: t.router({
      info: t.procedure.query(() => ({ version: '1.0.0', features: [] })),
      facts: t.procedure.query(() => ({ complete: true, asOf: Date.now() })),
    }),
    apps: t.router({ list: t.procedure.query(() => []) }),
    events: t.router({
      subscribe: t.procedure
        .input((value) => value as object)
        .subscription(async function* ({ signal }) {
          fake.opened += 1;
          fake.streams += 1;
          try {
            yield tracked('1', { id: 1, at: Date.now(), by: 'somebody', body: { kind: 'app.changed', name: 'shop' } });
            await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
          } finally {
            fake.streams -= 1;
          }
        }),
    }),
  });
  const server = createServer(createHTTPHandler({ router, basePath: '/trpc/' }));
  // Clients keep what is idle for a while, to use it again: here for a second.
  server.keepAliveTimeout = 1_000;
  server.on('connection', (socket) => {
    fake.sockets.add(socket);
    fake.mostSockets = Math.max(fake.mostSockets, fake.sockets.size);
    socket.on('close', () => fake.sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  fake.close = () => {
    server.closeAllConnections();
    server.close();
  };
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  return `http://127.0.0.1:${address.port}/`;
}

async function until(what: () => boolean, message: string): Promise<void> {
  for (const end = Date.now() + waitMs; !what(); await sleep(5)) assert.ok(Date.now() < end, `never: ${message}`);
}

test('connecting and disconnecting fifty times leaves no socket, no stream and no listener', async () => {
  const url = await startFake();
  const source = sourceOf(connectApi({ name: 'fake', url }, async () => 'token'));
  const connection = createConnection({ source, name: () => 'fake', lingerMs: 0 });
  for (let round = 0; round < 50; round += 1) {
    const release = connection.hold();
    await connection.ready();
    await until(() => fake.streams === 1, 'the stream is open');
    release();
    await until(() => fake.streams === 0 && connection.link.state === 'idle', 'the stream is closed');
  }
  assert.equal(fake.opened, 50);
  assert.deepEqual(connection.listeners, { changed: 0, events: 0, online: 0 });
  connection.dispose();
  assert.ok(fake.mostSockets <= 10, `${fake.mostSockets} sockets were open at a time`);
  await until(() => fake.sockets.size === 0, 'every socket is closed');
});
