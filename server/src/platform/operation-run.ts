/** One operation at work: each step is on disk before it starts and after it ends. */
import type { Operation, OperationStep } from 'minicloud-shared/model/operation';
import type { Clock } from './clock.ts';
import { crashpoint } from './crashpoint.ts';

export interface OperationRun {
  readonly id: string;
  readonly signal: AbortSignal;
  /** Records, runs, records. `detail` tells what happens now, at most a few times a second on disk. */
  step<T>(
    step: { id: string; title: string },
    work: (detail: (text: string, progress?: number) => void) => Promise<T>,
  ): Promise<T>;
  /** Milliseconds that each finished step took. */
  timings(): { name: string; object: string; ms: number }[];
}

const detailEveryMs = 400;

/** What the work of an operation is given; `save` writes the operation down. */
export function createRun(
  operation: Operation,
  signal: AbortSignal,
  save: (operation: Operation) => Promise<void>,
  clock: Clock,
): OperationRun {
  const timings: { name: string; object: string; ms: number }[] = [];
  return {
    id: operation.id,
    signal,
    timings: () => [...timings],
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
        timings.push({ name: id, object: operation.app, ms: current.ms });
        await save(operation);
      }
    },
  };
}

/** `start web.2` and `start web.3` are one kind of point. */
function pointName(stepId: string): string {
  return stepId.split(' ')[0] ?? stepId;
}
