import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import type { Event } from 'minicloud-shared/model/event';
import { migrations } from '../migrations.ts';
import type { Db, Tables } from '../schema.ts';
import { openDatabase } from './db.ts';
import { createEvents, type Events, type EventsOptions } from './events.ts';

async function parts(options: EventsOptions = {}) {
  const path = join(await mkdtemp(join(tmpdir(), 'minicloud-events-')), 'minicloud.db');
  const db: Db = await openDatabase<Tables>(path, migrations);
  let now = 1_000_000;
  const clock = { now: () => now };
  const open = () => createEvents(db, clock, options);
  const pass = (ms: number) => {
    now += ms;
  };
  /** As somebody with the file and another program would. */
  const forge = (...statements: string[]) => {
    const file = new Database(path);
    for (const statement of statements) file.exec(statement);
    file.close();
  };
  return { db, events: await open(), open, pass, forge };
}

async function fill(events: Events, count: number, text = '') {
  for (let n = 0; n < count; n += 1)
    await events.append({ by: 'me', app: 'shop', body: { kind: 'app.changed', name: `shop${text}` } });
}

async function take(events: Events, lastId: number, count: number): Promise<Event[]> {
  const stop = new AbortController();
  const seen: Event[] = [];
  for await (const event of events.follow({ lastId, signal: stop.signal })) {
    seen.push(event);
    if (seen.length === count) stop.abort();
  }
  return seen;
}

const withoutGuard = ['DROP TRIGGER events_append_only', 'DROP TRIGGER events_kept'];

for (const [what, statement, first] of [
  ['changed', `UPDATE events SET by = 'somebody else' WHERE id = 7`, 7],
  ['changed in its body', `UPDATE events SET body_json = '{"kind":"app.changed","name":"x"}' WHERE id = 7`, 7],
  ['moved in time', 'UPDATE events SET at = at + 1 WHERE id = 7', 7],
  ['removed', 'DELETE FROM events WHERE id = 7', 8],
  [
    'put in',
    `INSERT INTO events (id, at, by, app, body_json, hash) SELECT 11, at, by, app, body_json, hash FROM events WHERE id = 10`,
    11,
  ],
  ['removed at the end', 'DELETE FROM events WHERE id > 7', 8],
] as const) {
  test(`an entry ${what} by another program is found, at once and after a restart`, async () => {
    const { events, open, forge } = await parts();
    await fill(events, 10);
    assert.equal(await events.verify(), undefined);
    forge(...withoutGuard, statement);
    assert.equal(await events.verify(), first);
    assert.equal(await events.verify(), first, 'it is not forgotten');
    assert.equal(await (await open()).verify(), first);
  });
}

test('the database itself refuses to change or remove an entry that is kept', async () => {
  const { db, events, forge } = await parts();
  await fill(events, 3);
  await assert.rejects(db.deleteFrom('events').execute(), /append-only/);
  assert.throws(() => forge(`UPDATE events SET by = 'x' WHERE id = 1`), /append-only/);
});

test('what was verified once is not read again, until somebody else wrote or ten minutes went', async () => {
  const { events, pass, forge, db } = await parts();
  await fill(events, 5);
  assert.equal(await events.verify(), undefined);
  let read = 0;
  const original = db.selectFrom;
  Object.assign(db, {
    selectFrom: (table: 'events') => {
      if (table === 'events') read += 1;
      return original.call(db, table);
    },
  });
  await fill(events, 2);
  await events.verify();
  assert.equal(read, 1, 'one page, from where it was');
  forge(...withoutGuard, `UPDATE events SET by = 'x' WHERE id = 1`);
  assert.equal(await events.verify(), 1);
  pass(11 * 60_000);
  assert.equal(await events.verify(), 1);
});

test('the oldest entries go, and what is left is still verified back to the anchor', async () => {
  const { db, events, open, forge } = await parts({ keep: 50 });
  await fill(events, 500);
  const count = async () =>
    Number((await db.selectFrom('events').select(db.fn.countAll().as('n')).executeTakeFirst())?.n);
  const kept = await count();
  assert.ok(kept >= 50 && kept <= 51, `${kept} are kept`);
  assert.equal(await events.latest(), 500);
  assert.equal(await events.verify(), undefined);
  const again = await open();
  assert.equal(await again.verify(), undefined, 'after a restart too');
  await fill(again, 100);
  assert.equal(await again.verify(), undefined);
  forge(`UPDATE events_anchor SET hash = 'x'`);
  assert.equal(await (await open()).verify(), 551, 'the anchor counts');
});

test('a broken chain is evidence: nothing of it goes', async () => {
  const { db, events, forge } = await parts({ keep: 10 });
  await fill(events, 5);
  forge(...withoutGuard, `UPDATE events SET by = 'x' WHERE id = 2`);
  await fill(events, 30);
  assert.equal((await db.selectFrom('events').select('id').orderBy('id').executeTakeFirst())?.id, 2);
  assert.equal(await events.verify(), 2);
});

test('a subscriber that comes back in time misses nothing and sees nothing twice', async () => {
  const { events, open } = await parts({ keep: 50 });
  await fill(events, 40);
  const first = await take(events, 0, 25);
  const again = await open();
  await fill(again, 10);
  const rest = await take(again, first.at(-1)?.id ?? 0, 25);
  assert.deepEqual(
    [...first, ...rest].map(({ id }) => id),
    Array.from({ length: 50 }, (_, n) => n + 1),
  );
});

test('a subscriber that comes back too late is told so, and goes on from what there is', async () => {
  const { events } = await parts({ keep: 50 });
  await fill(events, 200);
  const seen = await take(events, 10, 4);
  const [gap, ...rest] = seen;
  assert.equal(gap?.body.kind, 'server.changed');
  assert.ok((gap?.id ?? 0) >= 148);
  assert.deepEqual(
    rest.map(({ id }) => id),
    [1, 2, 3].map((n) => (gap?.id ?? 0) + n),
  );
});

test('a subscriber that saw more than there is (a restored database) is told so and not kept waiting', async () => {
  const { events } = await parts();
  await fill(events, 5);
  const following = take(events, 900, 2);
  await fill(events, 1);
  const [gap, next] = await following;
  assert.equal(gap?.body.kind, 'server.changed');
  assert.deepEqual([gap?.id, next?.id], [5, 6]);
});

test('entries that go while a reader is slow do not stop it', async () => {
  const { events } = await parts({ keep: 20 });
  await fill(events, 10);
  const stop = new AbortController();
  const ids: number[] = [];
  for await (const event of events.follow({ lastId: 0, signal: stop.signal })) {
    ids.push(event.id);
    if (ids.length === 3) await fill(events, 200);
    if (event.id >= 210) stop.abort();
  }
  assert.deepEqual(
    ids,
    [...ids].sort((a, b) => a - b),
  );
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(ids.at(-1), 210);
});

test('a hundred readers that read nothing hold no page each', async () => {
  const { db, events } = await parts();
  await fill(events, 1000, 'x'.repeat(2000));
  let read = 0;
  const { selectFrom } = db;
  Object.assign(db, {
    selectFrom: (table: 'events') => {
      read += 1;
      return selectFrom.call(db, table);
    },
  });
  const stop = new AbortController();
  const readers = Array.from({ length: 100 }, () => events.follow({ lastId: 0, signal: stop.signal }));
  for (const reader of readers) await reader.next();
  const pages = read;
  await fill(events, 100);
  assert.equal(read, pages, 'nothing is read for somebody who does not ask');
  stop.abort();
  await Promise.all(readers.map((reader) => reader.return(undefined)));
});

test('secrets are taken out before anything is written, hashed or told', async () => {
  const { db, events } = await parts({ redact: (text) => text.replaceAll('hunter2hunter2', '[redacted]') });
  const told = await events.append({ by: 'me', body: { kind: 'server.changed', what: 'it is hunter2hunter2' } });
  const [row] = await db.selectFrom('events').selectAll().execute();
  assert.ok(!JSON.stringify([row, told]).includes('hunter2'));
  assert.equal(await events.verify(), undefined);
});
