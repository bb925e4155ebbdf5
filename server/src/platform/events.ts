/**
 * The event log: audit, live stream and tree refresh in one. Append-only, each entry hashed over the one before.
 *
 * It is bounded: the oldest entries go when there are many, and the hash of the last one that went stays as the anchor
 * from which the rest is verified.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Event, EventBody } from 'minicloud-shared/model/event';
import type { Db } from '../schema.ts';
import type { Clock } from './clock.ts';
import { inTransaction } from './db.ts';
import { redactedJson } from './log.ts';

export interface NewEvent {
  by: string;
  app?: string;
  body: EventBody;
  /** What the event tells of, written in the same transaction: both are on disk, or neither, for one wait for the disk. */
  alongside?: (transaction: Db) => Promise<void>;
}

export interface Events {
  /** Appends and tells subscribers; returns when it is on disk. */
  append(entry: NewEvent): Promise<Event>;
  /** Entries after `id`, oldest first, at most `limit`. */
  after(id: number, limit: number): Promise<Event[]>;
  /** Id of the newest entry, 0 when there is none. */
  latest(): Promise<number>;
  /**
   * Everything after `lastId` (from now on when undefined), for ever, without gap or repetition, until the signal.
   * Where that can't be, because entries after `lastId` are gone or it was never given, a `server.changed` says so first.
   */
  follow(options: { lastId?: number; signal: AbortSignal }): AsyncGenerator<Event>;
  /** First id whose hash does not follow from the one before, or undefined when the chain is whole. */
  verify(): Promise<number | undefined>;
}

export interface EventsOptions {
  /** How many entries are kept at least; a hundredth more are kept at most. */
  keep?: number;
  /** Takes secrets out of what is about to be written, of the app that it is about. */
  redact?: (text: string, app: string | undefined) => string;
}

const pageSize = 500;
const seed = 'minicloud';
const usualKeep = 100_000;
/** What was verified is looked at again after this time, whether anybody is known to have written or not. */
const verifiedForMs = 10 * 60_000;

interface Link {
  id: number;
  hash: string;
}

export async function createEvents(db: Db, clock: Clock, options: EventsOptions = {}): Promise<Events> {
  const { keep = usualKeep, redact = (text: string) => text } = options;
  const slack = Math.max(1, Math.floor(keep / 100));
  const listeners = new Set<() => void>();
  let anchor = await readAnchor(db);
  const newest = await db.selectFrom('events').select(['id', 'hash']).orderBy('id', 'desc').limit(1).executeTakeFirst();
  let last: Link = newest ?? anchor;
  let verified: (Link & { version: number; at: number }) | undefined;
  // Appends follow one another, because each hash needs the one before.
  let tail: Promise<unknown> = Promise.resolve();

  const insert = async (entry: NewEvent): Promise<Event> => {
    const at = clock.now();
    const body = redactedJson(entry.body, (text) => redact(text, entry.app));
    const hash = chain(last.hash, at, entry.by, entry.app ?? null, body);
    const write = async (on: Db) =>
      on
        .insertInto('events')
        .values({ at, by: entry.by, app: entry.app ?? null, body_json: body, hash })
        .returning('id')
        .executeTakeFirstOrThrow();
    const { alongside } = entry;
    const row = alongside
      ? await inTransaction(db, async (transaction) => {
          await alongside(transaction);
          return write(transaction);
        })
      : await write(db);
    last = { id: row.id, hash };
    for (const wake of listeners) wake();
    if (last.id - anchor.id >= keep + slack) await prune(last.id - keep);
    return toEvent({ id: row.id, at, by: entry.by, app: entry.app ?? null, body_json: body });
  };

  /** Lets everything up to `upTo` go, unless the chain is broken there: then it is evidence. */
  const prune = async (upTo: number): Promise<void> => {
    const { broken, link } = await follows(db, anchor, upTo);
    if (broken !== undefined || link.id === anchor.id) return;
    await inTransaction(db, async (transaction) => {
      await transaction
        .insertInto('events_anchor')
        .values({ one: 1, ...link })
        .onConflict((conflict) => conflict.column('one').doUpdateSet(link))
        .execute();
      await transaction.deleteFrom('events').where('id', '<=', link.id).execute();
    });
    anchor = link;
  };

  const after = async (id: number, limit: number): Promise<Event[]> => {
    const rows = await db.selectFrom('events').selectAll().where('id', '>', id).orderBy('id').limit(limit).execute();
    return rows.map(toEvent);
  };

  return {
    append(entry) {
      const result = tail.then(() => insert(entry));
      tail = result.catch(() => {});
      return result;
    },
    after,
    latest: async () => last.id,
    async *follow({ lastId, signal }) {
      let seen = lastId ?? last.id;
      let wake = () => {};
      const listener = () => wake();
      listeners.add(listener);
      signal.addEventListener('abort', listener);
      try {
        while (!signal.aborted) {
          const woken = new Promise<void>((resolve) => {
            wake = resolve;
          });
          for (;;) {
            if (seen < anchor.id || seen > last.id) {
              seen = seen < anchor.id ? anchor.id : last.id;
              yield gap(seen, clock.now());
              if (signal.aborted) return;
            }
            const page = await after(seen, pageSize);
            for (const event of page) {
              if (signal.aborted) return;
              // Entries can go while a slow reader is on its way through a page.
              seen = event.id;
              yield event;
            }
            if (page.length < pageSize) break;
          }
          if (signal.aborted) return;
          await woken;
        }
      } finally {
        listeners.delete(listener);
        signal.removeEventListener('abort', listener);
      }
    },
    async verify() {
      // Changes when another connection wrote; what this one appended since was chained as it was written.
      const { rows } = await sql<{ data_version: number }>`PRAGMA data_version`.execute(db);
      const version = rows[0]?.data_version ?? 0;
      const now = clock.now();
      const fresh = verified !== undefined && verified.version === version && now - verified.at < verifiedForMs;
      const from = fresh && verified && verified.id >= anchor.id ? verified : anchor;
      const wholeAt = from === anchor || !verified ? now : verified.at;
      verified = undefined;
      const { broken, link } = await follows(db, from, Number.MAX_SAFE_INTEGER);
      if (broken !== undefined) return broken;
      // Entries at the end can be taken away without breaking the chain; the numbering remembers them.
      const given = await sql<{ seq: number }>`SELECT seq FROM sqlite_sequence WHERE name = 'events'`.execute(db);
      if ((given.rows[0]?.seq ?? 0) > Math.max(link.id, last.id) || last.id > link.id) return link.id + 1;
      verified = { ...link, version, at: wholeAt };
      return undefined;
    },
  };
}

/** Walks the chain from a known link to `upTo`: the last link that holds, and the first that does not. */
async function follows(db: Db, from: Link, upTo: number): Promise<{ link: Link; broken?: number }> {
  let link = from;
  for (;;) {
    const rows = await db
      .selectFrom('events')
      .selectAll()
      .where('id', '>', link.id)
      .where('id', '<=', upTo)
      .orderBy('id')
      .limit(pageSize)
      .execute();
    for (const row of rows) {
      if (chain(link.hash, row.at, row.by, row.app, row.body_json) !== row.hash) return { link, broken: row.id };
      link = { id: row.id, hash: row.hash };
    }
    if (rows.length < pageSize) return { link };
  }
}

async function readAnchor(db: Db): Promise<Link> {
  const row = await db.selectFrom('events_anchor').select(['id', 'hash']).executeTakeFirst();
  return row ?? { id: 0, hash: seed };
}

function gap(id: number, at: number): Event {
  return { id, at, by: 'system', body: { kind: 'server.changed', what: 'events before this one are no longer there' } };
}

function toEvent(row: { id: number; at: number; by: string; app: string | null; body_json: string }): Event {
  return {
    id: row.id,
    at: row.at,
    by: row.by,
    ...(row.app === null ? {} : { app: row.app }),
    body: JSON.parse(row.body_json) as EventBody,
  };
}

function chain(before: string, at: number, by: string, app: string | null, body: string): string {
  return createHash('sha256')
    .update(JSON.stringify([before, at, by, app, body]))
    .digest('hex');
}
