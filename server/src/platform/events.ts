/**
 * The event log: audit, live stream and tree refresh in one. Append-only, each entry hashed over the one before.
 */
import { createHash } from 'node:crypto';
import type { Event, EventBody } from 'minicloud-shared/model/event';
import type { Db } from '../schema.ts';
import type { Clock } from './clock.ts';

export interface Events {
  /** Appends and tells subscribers; returns when it is on disk. */
  append(entry: { by: string; app?: string; body: EventBody }): Promise<Event>;
  /** Entries after `id`, oldest first, at most `limit`. */
  after(id: number, limit: number): Promise<Event[]>;
  /** Id of the newest entry, 0 when there is none. */
  latest(): Promise<number>;
  /** Everything after `lastId` (from now on when undefined), for ever, without gap or repetition, until the signal. */
  follow(options: { lastId?: number; signal: AbortSignal }): AsyncGenerator<Event>;
  /** First id whose hash does not follow from the one before, or undefined when the chain is whole. */
  verify(): Promise<number | undefined>;
}

const pageSize = 500;
const seed = 'minicloud';

export async function createEvents(db: Db, clock: Clock): Promise<Events> {
  const listeners = new Set<() => void>();
  const newest = await db.selectFrom('events').select(['id', 'hash']).orderBy('id', 'desc').limit(1).executeTakeFirst();
  let last = { id: newest?.id ?? 0, hash: newest?.hash ?? seed };
  // Appends follow one another, because each hash needs the one before.
  let tail: Promise<unknown> = Promise.resolve();

  const insert = async (entry: { by: string; app?: string; body: EventBody }): Promise<Event> => {
    const at = clock.now();
    const body = JSON.stringify(entry.body);
    const hash = chain(last.hash, at, entry.by, entry.app ?? null, body);
    const row = await db
      .insertInto('events')
      .values({ at, by: entry.by, app: entry.app ?? null, body_json: body, hash })
      .returning('id')
      .executeTakeFirstOrThrow();
    last = { id: row.id, hash };
    for (const wake of listeners) wake();
    return { id: row.id, at, by: entry.by, ...(entry.app === undefined ? {} : { app: entry.app }), body: entry.body };
  };

  const after = async (id: number, limit: number): Promise<Event[]> => {
    const rows = await db.selectFrom('events').selectAll().where('id', '>', id).orderBy('id').limit(limit).execute();
    return rows.map((row) => ({
      id: row.id,
      at: row.at,
      by: row.by,
      ...(row.app === null ? {} : { app: row.app }),
      body: JSON.parse(row.body_json) as EventBody,
    }));
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
            const page = await after(seen, pageSize);
            for (const event of page) {
              if (signal.aborted) return;
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
      let hash = seed;
      let id = 0;
      for (;;) {
        const rows = await db
          .selectFrom('events')
          .selectAll()
          .where('id', '>', id)
          .orderBy('id')
          .limit(pageSize)
          .execute();
        for (const row of rows) {
          hash = chain(hash, row.at, row.by, row.app, row.body_json);
          if (hash !== row.hash) return row.id;
          id = row.id;
        }
        if (rows.length < pageSize) return undefined;
      }
    },
  };
}

function chain(before: string, at: number, by: string, app: string | null, body: string): string {
  return createHash('sha256')
    .update(JSON.stringify([before, at, by, app, body]))
    .digest('hex');
}
