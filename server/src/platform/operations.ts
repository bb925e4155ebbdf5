/**
 * Operations: named, queued, recorded work that survives being watched, cancelled and killed.
 *
 * Work on one app is serial, on two apps side by side; one that waits for its app to become healthy is in nobody's way.
 * Every step is on disk before it starts and after it ends, so that after `kill -9` `interrupted()` tells exactly how
 * far it came.
 */
import type { Operation } from 'minicloud-shared/model/operation';
import { operationEnded } from 'minicloud-shared/model/operation';
import { type Problem, ProblemError, toProblem } from 'minicloud-shared/model/problem';
import type { Db } from '../schema.ts';
import type { Clock } from './clock.ts';
import type { Events } from './events.ts';
import { randomId } from './ids.ts';
import { createLanes } from './lanes.ts';
import type { Log } from './log.ts';
import { createRecords, type OpenOperation, type Requested, type RequestKey } from './operation-records.ts';
import { createRun, type OperationRun } from './operation-run.ts';
import { createQueue } from './queue.ts';

export interface OperationWork {
  /** It is left open when the companion stops, as after `kill -9`, for the next start to resume; else it is cancelled then. */
  resumes?: boolean;
  /** It is past its point of no return from the first moment: nobody can cancel it. */
  committed?: boolean;
  /**
   * Cancelled before its turn it runs all the same, with its signal aborted: what was begun before is taken back by it.
   */
  takesBack?: boolean;
  run(run: OperationRun): Promise<void>;
}

export interface OperationStart extends OperationWork {
  kind: Operation['kind'];
  app: string;
  /** The app itself: another may have its name before all is told of this one. */
  appId: string;
  release?: number;
  by: string;
  request?: RequestKey | undefined;
  /** Known steps, shown as waiting from the first moment. */
  steps?: { id: string; title: string }[];
  /** Why a waiting operation of the same app need not run any more now that this one was asked for; undefined lets it run. */
  overtakes?(waiting: Operation): Problem | undefined;
  /** Called instead of `run` when it ends before its turn: cancelled, or overtaken. */
  neverRan?(problem: Problem): Promise<void>;
}

export interface Operations {
  /**
   * Queues it behind earlier work on the same app; one with nothing before it is `running` from the first moment. The
   * same key of the same token, for the same kind of work on the same app, gives the operation that was started first.
   * Throws `busy` when too many wait already.
   */
  start(start: OperationStart): Promise<Operation>;
  /** Goes on with one of `interrupted()`, under its own id; its steps that have ended stay. */
  resume(operation: OpenOperation, work: OperationWork): void;
  /** What was started for the request before. */
  find(requested: Requested): Promise<Operation | undefined>;
  get(id: string): Promise<Operation | undefined>;
  list(app: string | undefined, limit: number): Promise<Operation[]>;
  /** Throws `busy` when as many operations of the app wait for their turn as may. */
  requireRoom(app: string): void;
  /**
   * Asks a running one to stop, and the state tells when it has; one that waits for its turn ends at once. False when
   * there is nothing to stop any more: it has ended, or is past its point of no return and goes on.
   */
  cancel(id: string): Promise<boolean>;
  /** Resolves when it has ended, or was left open because the companion stops. */
  finished(id: string): Promise<Operation>;
  /** True while one of the app runs, waits, or is being written down. */
  busy(app: string): boolean;
  /** Operations that a companion before this one left queued or running. */
  interrupted(): Promise<OpenOperation[]>;
  /** Writes the end of an operation that no longer runs here. */
  close(id: string, state: 'failed' | 'succeeded' | 'cancelled', problem?: Problem): Promise<void>;
  /** Stops taking work, cancels what runs or leaves it to the next start, waits. */
  shutdown(): Promise<void>;
}

/** One whose turn has not come, or that runs. */
interface Live {
  operation: Operation;
  start: Omit<OperationStart, 'appId'>;
  controller: AbortController;
  begun: boolean;
  /** Set when it is past its point of no return. */
  committed: boolean;
  /** Set when it ended before its turn. */
  over?: Promise<Operation>;
  ended: PromiseWithResolvers<Operation>;
}

/** Operations that work at a time; those that only wait are not counted. */
const width = 4;
/** Operations of one app that may wait behind the one that runs. */
const mostWaiting = 20;
const retryEndMs = 1000;

export function createOperations(deps: {
  db: Db;
  events: Events;
  clock: Clock;
  log: Log;
  /** Takes secrets out of what is about to be written, of the app that it is about. */
  redact?: (text: string, app: string) => string;
}): Operations {
  const { db, events, clock, log, redact = (text: string) => text } = deps;
  const records = createRecords({ db, events, redact });
  const { save } = records;
  const queue = createQueue();
  const lanes = createLanes(width);
  const running = new Map<string, Live>();
  const unsaved = new Map<string, Operation>();
  const stopped = new DOMException('The companion was stopped', 'AbortError');
  const stopping = new AbortController();
  let closing = false;

  const waitingOf = (app: string) => [...running.values()].filter((live) => live.start.app === app && !live.begun);
  /** Those that are being written down: they take a place already. */
  const entering = new Set<OperationStart>();
  const enteringOf = (app: string) => [...entering].filter((start) => start.app === app).length;
  const requireRoom = (app: string) => {
    if (waitingOf(app).length + enteringOf(app) >= mostWaiting) throw queueFull(app);
  };

  const tellNeverRan = async ({ operation, start }: Live, problem: Problem): Promise<void> => {
    try {
      await start.neverRan?.(problem);
    } catch (error) {
      log.error('what an operation that never ran was for could not be settled', {
        id: operation.id,
        app: operation.app,
        error: String(error),
      });
    }
  };

  /** Ends one that waits for its turn, which it then lets pass. */
  const endWaiting = (live: Live, problem: Problem): Promise<Operation> => {
    live.begun = true;
    live.over ??= (async () => {
      const { operation } = live;
      await tellNeverRan(live, problem);
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
    const { signal } = controller;
    const leftOpen = () => start.resumes === true && signal.reason === stopped;
    if (live.over) return live.over;
    if (leftOpen()) return operation;
    if (signal.aborted && !start.takesBack) return endWaiting(live, cancelled(operation, signal));
    live.begun = true;
    operation.state = 'running';
    operation.startedAt ??= clock.now();
    const onNoReturn = () => {
      live.committed = true;
    };
    let ran = false;
    try {
      await save(operation);
      await lanes.run(start.takesBack ? stopping.signal : signal, (waiting) => {
        ran = true;
        return start.run(createRun(operation, { signal, save, clock, waiting, onNoReturn, leftOpen }));
      });
      operation.state = 'succeeded';
    } catch (error) {
      // One that was cancelled and has not taken back yet is left to the next start as well.
      if (leftOpen() || (!ran && start.takesBack && closing)) return operation;
      if (!ran && signal.aborted) return endWaiting(live, cancelled(operation, signal));
      operation.problem = signal.aborted ? cancelled(operation, signal, error) : toProblem(error);
      operation.state = signal.aborted ? 'cancelled' : 'failed';
      for (const step of operation.steps) if (step.state === 'running') step.state = 'failed';
      if (operation.problem.code === 'internal') {
        log.error('operation failed unexpectedly', {
          id: operation.id,
          app: operation.app,
          error: error instanceof Error ? error.stack : String(error),
        });
      }
      if (!ran) await tellNeverRan(live, operation.problem);
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

  const get = async (id: string) => {
    const ended = unsaved.get(id);
    return ended ? structuredClone(ended) : records.byId(id);
  };

  const enter = (operation: Operation, start: Live['start']): void => {
    const live: Live = {
      operation,
      start,
      controller: new AbortController(),
      begun: false,
      committed: start.committed ?? false,
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
  };

  return {
    async start(start) {
      if (closing) throw shuttingDown(start.app);
      requireRoom(start.app);
      // Told as waiting only when there is something to wait for.
      const waits = queue.busy(start.app) || enteringOf(start.app) > 0;
      const now = clock.now();
      const operation: Operation = {
        id: randomId(),
        kind: start.kind,
        app: start.app,
        ...(start.release === undefined ? {} : { release: start.release }),
        state: waits ? 'queued' : 'running',
        by: start.by,
        steps: (start.steps ?? []).map((step) => ({ ...step, state: 'waiting' as const })),
        createdAt: now,
        ...(waits ? {} : { startedAt: now }),
      };
      entering.add(start);
      const first = await records.insert(operation, start.appId, start.request).finally(() => entering.delete(start));
      if (first) return first;
      const { overtakes } = start;
      for (const live of overtakes ? waitingOf(start.app) : []) {
        const problem = overtakes?.(live.operation);
        if (problem) void endWaiting(live, problem);
      }
      enter(operation, start);
      return structuredClone(operation);
    },
    resume(interrupted, work) {
      const { appId: _, ...operation } = structuredClone(interrupted);
      for (const step of operation.steps) if (step.state !== 'done') step.state = 'waiting';
      const { kind, app, release, by } = operation;
      enter(operation, { kind, app, ...(release === undefined ? {} : { release }), by, ...work });
    },
    find: records.byRequest,
    get,
    list: records.list,
    requireRoom,
    async cancel(id) {
      const live = running.get(id);
      if (!live || live.committed) return false;
      live.controller.abort(new DOMException('Somebody asked for it to be cancelled', 'AbortError'));
      if (!live.begun && !live.start.takesBack)
        await endWaiting(live, cancelled(live.operation, live.controller.signal));
      return true;
    },
    async finished(id) {
      const live = running.get(id);
      if (live) return live.ended.promise;
      const operation = await get(id);
      if (!operation) throw noSuchOperation(id);
      return operation;
    },
    busy: (app) => queue.busy(app) || enteringOf(app) > 0,
    async interrupted() {
      return (await records.open()).filter((operation) => !running.has(operation.id));
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
      for (const { controller } of running.values()) controller.abort(stopped);
      stopping.abort(stopped);
      await queue.idle();
    },
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
