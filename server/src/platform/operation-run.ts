/** One operation at work: each step is on disk before it starts and after it ends. */
import type { Operation, OperationStep } from 'minicloud-shared/model/operation';
import type { Clock } from './clock.ts';
import { crashpoint } from './crashpoint.ts';
import type { Waiting } from './lanes.ts';

export interface OperationRun {
  readonly id: string;
  readonly signal: AbortSignal;
  /** Records, runs, records. `detail` tells what happens now, at most a few times a second on disk. */
  step<T>(
    step: { id: string; title: string },
    work: (detail: (text: string, progress?: number) => void) => Promise<T>,
  ): Promise<T>;
  /** For what only waits: other apps' operations take its place meanwhile. */
  waiting: Waiting;
  /** From here on nobody can cancel it. Throws when somebody has by now. */
  passPointOfNoReturn(): void;
  /** True when the companion stops and the next one goes on with it: nothing is to be taken back. */
  leftOpen(): boolean;
  /** Milliseconds that each finished step took, those before a restart of the companion included. */
  timings(): StepTiming[];
}

export interface StepTiming {
  name: string;
  object: string;
  ms: number;
}

export interface RunParts {
  signal: AbortSignal;
  /** Writes the operation down. */
  save: (operation: Operation) => Promise<void>;
  clock: Clock;
  waiting: Waiting;
  onNoReturn: () => void;
  leftOpen: () => boolean;
}

const detailEveryMs = 400;

/** What the work of an operation is given. */
export function createRun(
  operation: Operation,
  { signal, save, clock, waiting, onNoReturn, leftOpen }: RunParts,
): OperationRun {
  return {
    id: operation.id,
    signal,
    waiting,
    leftOpen,
    passPointOfNoReturn() {
      signal.throwIfAborted();
      onNoReturn();
    },
    timings: () => timingsOf(operation),
    async step({ id, title }, work) {
      if (signal.aborted) throw signal.reason;
      let step = operation.steps.find((known) => known.id === id);
      if (!step) {
        step = { id, title, state: 'waiting' };
        operation.steps.push(step);
      }
      const current: OperationStep = step;
      current.state = 'running';
      current.startedAt = clock.now();
      delete current.ms;
      await save(operation);
      crashpoint(`${operation.kind}.${pointName(id)}:before`);
      const started = performance.now();
      let lastSaved = started;
      const detail = (text: string, progress?: number) => {
        current.detail = text;
        if (progress !== undefined) current.progress = progress;
        if (performance.now() - lastSaved < detailEveryMs || current.state !== 'running') return;
        lastSaved = performance.now();
        void save(operation).catch(() => {});
      };
      try {
        const result = await work(detail);
        crashpoint(`${operation.kind}.${pointName(id)}:after`);
        current.state = 'done';
        return result;
      } catch (error) {
        current.state = 'failed';
        throw error;
      } finally {
        current.ms = Math.round(performance.now() - started);
        await save(operation);
      }
    },
  };
}

/** Milliseconds that each finished step of an operation took. */
export function timingsOf({ app, steps }: Pick<Operation, 'app' | 'steps'>): StepTiming[] {
  return steps.flatMap(({ id, ms }) => (ms === undefined ? [] : [{ name: id, object: app, ms }]));
}

/** `start web.2` and `start web.3` are one kind of point. */
function pointName(stepId: string): string {
  return stepId.split(' ')[0] ?? stepId;
}
