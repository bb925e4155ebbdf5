/** Event streams as clients meet them: resumed, slow. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { ask, eventually, type MemoryCompanion, startMemoryCompanion } from '../../../test/harness/memory-companion.ts';

let companion: MemoryCompanion;
before(async () => {
  companion = await startMemoryCompanion();
});
after(() => companion.stop());

/** Ids of the first events after `lastId`, as they stand in the stream. */
async function idsAfter(lastId: number, count: number, header: boolean): Promise<number[]> {
  const input = header ? '' : `?input=${encodeURIComponent(JSON.stringify({ lastEventId: lastId }))}`;
  const { text } = await ask(`${companion.url}/trpc/events.subscribe${input}`, {
    headers: {
      authorization: `Bearer ${companion.admin}`,
      accept: 'text/event-stream',
      ...(header ? { 'last-event-id': String(lastId) } : {}),
    },
    until: (so) => (so.match(/^id: \d+$/gm)?.length ?? 0) >= count,
  });
  return [...text.matchAll(/^id: (\d+)$/gm)].map((found) => Number(found[1])).slice(0, count);
}

test('a stream goes on after the id that a client names, in its input or as browsers do', async () => {
  for (let n = 0; n < 20; n += 1)
    await companion.cloud.events.append({ by: 'me', body: { kind: 'server.changed', what: `${n}` } });
  const latest = await companion.cloud.events.latest();
  const wanted = Array.from({ length: 10 }, (_, n) => latest - 9 + n);
  assert.deepEqual(await idsAfter(latest - 10, 10, false), wanted);
  assert.deepEqual(await idsAfter(latest - 10, 10, true), wanted);
});

test('a client that does not read holds the server back instead of filling its memory', async () => {
  const { db, events } = companion.cloud;
  await sql`PRAGMA synchronous = OFF`.execute(db);
  const from = await events.latest();
  const what = 'x'.repeat(20_000);
  for (let n = 0; n < 2500; n += 1) await events.append({ by: 'me', body: { kind: 'server.changed', what } });
  let pages = 0;
  const { selectFrom } = db;
  Object.assign(db, {
    selectFrom: (table: 'events') => {
      if (table === 'events') pages += 1;
      return selectFrom.call(db, table);
    },
  });
  const socket = connect(Number(new URL(companion.url).port), '127.0.0.1');
  try {
    const input = encodeURIComponent(JSON.stringify({ lastEventId: from }));
    socket.write(
      `GET /trpc/events.subscribe?input=${input} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${companion.admin}\r\nAccept: text/event-stream\r\n\r\n`,
    );
    await eventually('its first page', () => pages > 0);
    let before = -1;
    while (before !== pages) {
      before = pages;
      await sleep(300);
    }
    // 50 MB in 5 pages: what the system buffers between two sockets is far less.
    assert.ok(pages <= 3, `${pages} pages of 10 MB were read for somebody who reads nothing`);
    assert.equal((await ask(`${companion.url}/health`)).status, 200);
  } finally {
    socket.destroy();
    Object.assign(db, { selectFrom });
  }
});
