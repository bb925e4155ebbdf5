/** Operations on disk: one row each, and an event with every change of it. */
import type { Operation, OperationStep } from 'minicloud-shared/model/operation';
import type { Problem } from 'minicloud-shared/model/problem';
import type { Db, Tables } from '../schema.ts';
import type { Events } from './events.ts';
import { redactedJson } from './log.ts';

/** A key that a request came with. Those of two tokens have nothing to do with one another. */
export interface RequestKey {
  /** Id of the token. */
  token: string;
  key: string;
}

/** What is asked for with a key. */
export interface Requested extends RequestKey {
  kind: Operation['kind'];
  app: string;
  /** The app itself, as names are given away again; undefined asks for the newest of any app of that name. */
  appId?: string | undefined;
}

/** An operation with the app that it is of; an earlier version may not have written down which. */
export interface OpenOperation extends Operation {
  appId?: string;
}

export interface OperationRecords {
  /** Writes a new one down; gives the one that was written first for the same request, when there is one. */
  insert(operation: Operation, appId: string, request: RequestKey | undefined): Promise<Operation | undefined>;
  /** Writes the operation as it is now, and the event that tells so. */
  save(operation: Operation): Promise<void>;
  byRequest(requested: Requested): Promise<Operation | undefined>;
  byId(id: string): Promise<Operation | undefined>;
  /** Newest first. */
  list(app: string | undefined, limit: number): Promise<Operation[]>;
  /** Those that have not ended, oldest first. */
  open(): Promise<OpenOperation[]>;
}

/**
 * What was asked for before an app was deleted may be asked for again, now that it is back. But for its deletion: one
 * that is sent again late must not delete what was brought back.
 */
export async function forgetKeys(db: Db, appId: string): Promise<void> {
  const asked = db.updateTable('operations').set({ idempotency_key: null }).where('app_id', '=', appId);
  await asked.where('kind', '!=', 'delete').execute();
}

export function createRecords(parts: {
  db: Db;
  events: Events;
  redact: (text: string, app: string) => string;
}): OperationRecords {
  const { db, events, redact } = parts;
  const byRequest = async ({ kind, app, appId, token, key }: Requested) => {
    let query = db
      .selectFrom('operations')
      .selectAll()
      .where('app', '=', app)
      .where('kind', '=', kind)
      .where('token', '=', token)
      .where('idempotency_key', '=', key)
      .orderBy('created_at', 'desc');
    if (appId !== undefined) query = query.where('app_id', '=', appId);
    const row = await query.executeTakeFirst();
    return row && fromRow(row);
  };
  return {
    async insert(operation, appId, request) {
      const inserted = await db
        .insertInto('operations')
        .values({
          id: operation.id,
          kind: operation.kind,
          app: operation.app,
          app_id: appId,
          release: operation.release ?? null,
          state: operation.state,
          by: operation.by,
          steps_json: JSON.stringify(operation.steps),
          problem_json: null,
          idempotency_key: request?.key ?? null,
          token: request?.token ?? null,
          created_at: operation.createdAt,
          started_at: operation.startedAt ?? null,
          finished_at: null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (inserted.numInsertedOrUpdatedRows !== 0n || request === undefined) return undefined;
      return byRequest({ kind: operation.kind, app: operation.app, appId, ...request });
    },
    async save(operation) {
      const now = structuredClone(operation);
      const json = (value: unknown) => redactedJson(value, (text) => redact(text, now.app));
      await events.append({
        by: now.by,
        app: now.app,
        body: { kind: 'operation.changed', operation: now },
        alongside: async (transaction) => {
          await transaction
            .updateTable('operations')
            .set({
              state: now.state,
              steps_json: json(now.steps),
              problem_json: now.problem ? json(now.problem) : null,
              started_at: now.startedAt ?? null,
              finished_at: now.finishedAt ?? null,
            })
            .where('id', '=', now.id)
            .execute();
        },
      });
    },
    byRequest,
    async byId(id) {
      const row = await db.selectFrom('operations').selectAll().where('id', '=', id).executeTakeFirst();
      return row && fromRow(row);
    },
    async list(app, limit) {
      let query = db.selectFrom('operations').selectAll().orderBy('created_at', 'desc').limit(limit);
      if (app !== undefined) query = query.where('app', '=', app);
      return (await query.execute()).map(fromRow);
    },
    async open() {
      const rows = await db
        .selectFrom('operations')
        .selectAll()
        .where('state', 'in', ['queued', 'running'])
        .orderBy('created_at')
        .execute();
      return rows.map((row) => ({ ...fromRow(row), ...(row.app_id === null ? {} : { appId: row.app_id }) }));
    },
  };
}

function fromRow(row: Tables['operations']): Operation {
  return {
    id: row.id,
    kind: row.kind as Operation['kind'],
    app: row.app,
    ...(row.release === null ? {} : { release: row.release }),
    state: row.state as Operation['state'],
    by: row.by,
    steps: JSON.parse(row.steps_json) as OperationStep[],
    ...(row.problem_json === null ? {} : { problem: JSON.parse(row.problem_json) as Problem }),
    createdAt: row.created_at,
    ...(row.started_at === null ? {} : { startedAt: row.started_at }),
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
  };
}
