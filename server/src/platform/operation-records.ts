/** Operations on disk: one row each, and an event with every change of it. */
import type { Operation, OperationStep } from 'minicloud-shared/model/operation';
import type { Problem } from 'minicloud-shared/model/problem';
import type { Db, Tables } from '../schema.ts';
import type { Events } from './events.ts';

export interface OperationRecords {
  /** Writes a new one down; gives the one that was written first under the same key, when there is one. */
  insert(operation: Operation, idempotencyKey: string | undefined): Promise<Operation | undefined>;
  /** Writes the operation as it is now, and the event that tells so. */
  save(operation: Operation): Promise<void>;
  byKey(app: string, idempotencyKey: string): Promise<Operation | undefined>;
  byId(id: string): Promise<Operation | undefined>;
  /** Newest first. */
  list(app: string | undefined, limit: number): Promise<Operation[]>;
  /** Those that have not ended, oldest first. */
  open(): Promise<Operation[]>;
}

export function createRecords(parts: { db: Db; events: Events; redact: (text: string) => string }): OperationRecords {
  const { db, events, redact } = parts;
  const byKey = async (app: string, key: string) => {
    const row = await db
      .selectFrom('operations')
      .selectAll()
      .where('app', '=', app)
      .where('idempotency_key', '=', key)
      .executeTakeFirst();
    return row && fromRow(row);
  };
  return {
    async insert(operation, idempotencyKey) {
      const inserted = await db
        .insertInto('operations')
        .values({
          id: operation.id,
          kind: operation.kind,
          app: operation.app,
          release: operation.release ?? null,
          state: operation.state,
          by: operation.by,
          steps_json: JSON.stringify(operation.steps),
          problem_json: null,
          idempotency_key: idempotencyKey ?? null,
          created_at: operation.createdAt,
          started_at: operation.startedAt ?? null,
          finished_at: null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (inserted.numInsertedOrUpdatedRows !== 0n || idempotencyKey === undefined) return undefined;
      return byKey(operation.app, idempotencyKey);
    },
    async save(operation) {
      const now = structuredClone(operation);
      await events.append({
        by: now.by,
        app: now.app,
        body: { kind: 'operation.changed', operation: now },
        alongside: async (transaction) => {
          await transaction
            .updateTable('operations')
            .set({
              state: now.state,
              steps_json: redact(JSON.stringify(now.steps)),
              problem_json: now.problem ? redact(JSON.stringify(now.problem)) : null,
              started_at: now.startedAt ?? null,
              finished_at: now.finishedAt ?? null,
            })
            .where('id', '=', now.id)
            .execute();
        },
      });
    },
    byKey,
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
      return rows.map(fromRow);
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
