/**
 * Operations: named, queued, recorded work that survives being watched, cancelled and killed.
 *
 * Work on one app is serial, on two apps side by side. Every step is on disk before it starts and after it ends, so
 * that after `kill -9` `open()` tells exactly how far it came.
 */
import type { Operation, OperationStep } from 'minicloud-shared/model/operation';
import { operationEnded } from 'minicloud-shared/model/operation';
import { type Problem, ProblemError, toProblem } from 'minicloud-shared/model/problem';
import type { Db, Tables } from '../schema.ts';
import type { Clock } from './clock.ts';
import type { Events } from './events.ts';
import { randomId } from './ids.ts';
import type { Log } from './log.ts';
import { createRun, type OperationRun } from './operation-run.ts';
import { createQueue } from './queue.ts';

export interface OperationStart {
  kind: Operation['kind'];
  app: string;
  release?: number;
  by: string;
  idempotencyKey?: string;
  /** Known steps, shown as waiting from the first moment. */
  steps?: { id: string; title: string }[];
  /** Why a waiting operation of the same app need not run any more now that this one was asked for; undefined lets it run. */
  overtakes?(waiting: Operation): Problem | undefined;
  /** Called instead of `run` when it ends before its turn: cancelled, or overtaken. */
  neverRan?(problem: Problem): Promise<void>;
  run(run: OperationRun): Promise<void>;
}

export interface Operations {
  /**
   * Queues it. The same idempotency key for the same app gives the operation that was started first. Throws `busy` when
   * too many wait already.
   */
  start(start: OperationStart): Promise<Operation>;
  find(app: string, idempotencyKey: string): Promise<Operation | undefined>;
  get(id: string): Promise<Operation | undefined>;
  list(app: string | undefined, limit: number): Promise<Operation[]>;
  /** Throws `busy` when as many operations of the app wait for their turn as may. */
  requireRoom(app: string): void;
  /** Asks a running one to stop, and the state tells when it has; one that waits for its turn ends at once. */
  cancel(id: string): Promise<void>;
  /** Resolves when it has ended. */
  finished(id: string): Promise<Operation>;
  busy(app: string): boolean;
  /** Operations that a dead companion left queued or running. */
  interrupted(): Promise<Operation[]>;
  /** Writes the end of an operation that no longer runs here. */
  close(id: string, state: 'failed' | 'succeeded' | 'cancelled', problem?: Problem): Promise<void>;
  /** Stops taking work, cancels what runs, waits. */
  shutdown(): Promise<void>;
}

/** One whose turn has not come, or that runs. */
interface Live {
  operation: Operation;
  start: OperationStart;
  controller: AbortController;
  begun: boolean;
  /** Set when it ended before its turn. */
  over?: Promise<Operation>;
  ended: PromiseWithResolvers<Operation>;
}

const width = 4;
/** Operations of one app that may wait behind the one that runs. */
const mostWaiting = 20;
const retryEndMs = 1000;

export function createOperations(deps: {
  db: Db;
  events: Events;
  clock: Clock;
  log: Log;
  /** Takes secrets out of what is about to be written. */
  redact?: (text: string) => string;
}): Operations {
  const { db, events, clock, log, redact = (text: string) => text } = deps;
  const queue = createQueue(width);
  const running = new Map<string, Live>();
  const unsaved = new Map<string, Operation>();
  let closing = false;

  const save = async (operation: Operation): Promise<void> => {
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
  };

  const waitingOf = (app: string) => [...running.values()].filter((live) => live.start.app === app && !live.begun);
  /** Those that are being written down: they take a place already. */
  const entering = new Set<OperationStart>();
  const requireRoom = (app: string) => {
    const more = [...entering].filter((start) => start.app === app).length;
    if (waitingOf(app).length + more >= mostWaiting) throw queueFull(app);
  };

  /** Ends one that waits for its turn, which it then lets pass. */
  const endWaiting = (live: Live, problem: Problem): Promise<Operation> => {
    live.begun = true;
    live.over ??= (async () => {
      const { operation, start } = live;
      try {
        await start.neverRan?.(problem);
      } catch (error) {
        log.error('what an operation that never ran was for could not be settled', {
          id: operation.id,
          app: operation.app,
          error: String(error),
        });
      }
      operation.problem = problem;
      operation.state = 'cancelled';
      operation.finishedAt = clock.now();
      await recordEnd(operation);
      live.ended.resolve(operation);
      return operation;
    })();
    return live.over;
  };

  const execute = async (live: Live): Promise<Operation> => {
    const { operation, start, controller } = live;
    if (live.over) return live.over;
    if (controller.signal.aborted) return endWaiting(live, cancelled(operation, controller.signal));
    live.begun = true;
    operation.state = 'running';
    operation.startedAt = clock.now();
    await save(operation);
    try {
      controller.signal.throwIfAborted();
      await start.run(createRun(operation, controller.signal, save, clock));
      operation.state = 'succeeded';
    } catch (error) {
      operation.problem = controller.signal.aborted ? cancelled(operation, controller.signal, error) : toProblem(error);
      operation.state = controller.signal.aborted ? 'cancelled' : 'failed';
      for (const step of operation.steps) if (step.state === 'running') step.state = 'failed';
      if (operation.problem.code === 'internal') {
        log.error('operation failed unexpectedly', {
          id: operation.id,
          app: operation.app,
          error: error instanceof Error ? error.stack : String(error),
        });
      }
    }
    operation.finishedAt = clock.now();
    await recordEnd(operation);
    return operation;
  };

  /** An end that can't be written now (full disk) is told from memory and written as soon as it can be. */
  const recordEnd = async (operation: Operation): Promise<void> => {
    try {
      await save(operation);
      unsaved.delete(operation.id);
    } catch (error) {
      if (!unsaved.has(operation.id)) {
        log.error('the end of an operation could not be recorded yet', { id: operation.id, error: String(error) });
      }
      unsaved.set(operation.id, operation);
      if (!closing) setTimeout(() => void recordEnd(operation), retryEndMs).unref();
    }
  };

  const byKey = async (app: string, key: string) => {
    const row = await db
      .selectFrom('operations')
      .selectAll()
      .where('app', '=', app)
      .where('idempotency_key', '=', key)
      .executeTakeFirst();
    return row && fromRow(row);
  };
  /** Writes it down; the one that was written first under the same key, when there is one. */
  const insert = async (operation: Operation, idempotencyKey: string | undefined): Promise<Operation | undefined> => {
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
        started_at: null,
        finished_at: null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 0n || idempotencyKey === undefined) return undefined;
    return byKey(operation.app, idempotencyKey);
  };
  const get = async (id: string) => {
    const ended = unsaved.get(id);
    if (ended) return structuredClone(ended);
    const row = await db.selectFrom('operations').selectAll().where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  };

  return {
    async start(start) {
      if (closing) throw shuttingDown(start.app);
      const operation: Operation = {
        id: randomId(),
        kind: start.kind,
        app: start.app,
        ...(start.release === undefined ? {} : { release: start.release }),
        state: 'queued',
        by: start.by,
        steps: (start.steps ?? []).map((step) => ({ ...step, state: 'waiting' as const })),
        createdAt: clock.now(),
      };
      requireRoom(start.app);
      entering.add(start);
      const first = await insert(operation, start.idempotencyKey).finally(() => entering.delete(start));
      if (first) return first;
      const { overtakes } = start;
      for (const live of overtakes ? waitingOf(start.app) : []) {
        const problem = overtakes?.(live.operation);
        if (problem) void endWaiting(live, problem);
      }
      const live: Live = {
        operation,
        start,
        controller: new AbortController(),
        begun: false,
        ended: Promise.withResolvers<Operation>(),
      };
      running.set(operation.id, live);
      queue
        .add(start.app, () => execute(live))
        .finally(() => running.delete(operation.id))
        .then(live.ended.resolve, live.ended.reject);
      live.ended.promise.catch((error) =>
        log.error('operation could not be recorded', { id: operation.id, error: String(error) }),
      );
      return structuredClone(operation);
    },
    find: byKey,
    get,
    async list(app, limit) {
      let query = db.selectFrom('operations').selectAll().orderBy('created_at', 'desc').limit(limit);
      if (app !== undefined) query = query.where('app', '=', app);
      return (await query.execute()).map(fromRow);
    },
    requireRoom,
    async cancel(id) {
      const live = running.get(id);
      live?.controller.abort(new DOMException('Somebody asked for it to be cancelled', 'AbortError'));
      if (live && !live.begun) await endWaiting(live, cancelled(live.operation, live.controller.signal));
    },
    async finished(id) {
      const live = running.get(id);
      if (live) return live.ended.promise;
      const operation = await get(id);
      if (!operation) throw noSuchOperation(id);
      return operation;
    },
    busy: (app) => queue.busy(app),
    async interrupted() {
      const rows = await db
        .selectFrom('operations')
        .selectAll()
        .where('state', 'in', ['queued', 'running'])
        .orderBy('created_at')
        .execute();
      return rows.map(fromRow).filter((operation) => !running.has(operation.id));
    },
    async close(id, state, problem) {
      const operation = await get(id);
      if (!operation || operationEnded[operation.state]) return;
      operation.state = state;
      if (problem) operation.problem = problem;
      operation.finishedAt = clock.now();
      for (const step of operation.steps)
        if (step.state === 'running') step.state = state === 'succeeded' ? 'done' : 'failed';
      await save(operation);
    },
    async shutdown() {
      closing = true;
      for (const { controller } of running.values())
        controller.abort(new DOMException('The companion was stopped', 'AbortError'));
      await queue.idle();
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

function cancelled(operation: Operation, signal: AbortSignal, error?: unknown): Problem {
  const reason: unknown = signal.reason;
  return {
    code: 'cancelled',
    what: `The ${operation.kind} was cancelled`,
    object: `app ${operation.app}`,
    why: `${reason instanceof Error ? reason.message : 'It was asked to stop'}.`,
    still: error === undefined ? 'Nothing of it was done.' : toProblem(error).still,
    remedy: 'Start it again when you are ready.',
    evidence: [],
  };
}

function queueFull(app: string): ProblemError {
  return new ProblemError({
    code: 'busy',
    what: 'Too much is waiting for this app already',
    object: `app ${app}`,
    why: `${mostWaiting} operations wait for their turn; no more are taken.`,
    still: 'What waits goes on, and what serves goes on serving.',
    remedy: `Wait until some have ended, or cancel them: \`minicloud operations ${app}\`.`,
  });
}

function shuttingDown(app: string): ProblemError {
  return new ProblemError({
    code: 'busy',
    what: 'The companion is stopping',
    object: `app ${app}`,
    why: 'It takes no new work while it stops.',
    still: 'Every app keeps serving.',
    remedy: 'Try again when it is back.',
  });
}

/** What is told of an id that is unknown, or of an operation that the caller may not see. */
export function noSuchOperation(id: string): ProblemError {
  return new ProblemError({
    code: 'not_found',
    what: 'There is no such operation',
    object: `operation ${id}`,
    why: 'Its id is unknown on this server.',
    remedy: 'List the operations to find the right one.',
  });
}
