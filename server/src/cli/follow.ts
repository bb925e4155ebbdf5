/** Watching one operation to its end, over lost connections and restarts of the server. */
import { describeError } from 'minicloud-shared/client/describe-error';
import { type Operation, operationEnded } from 'minicloud-shared/model/operation';
import { type Problem, ProblemError } from 'minicloud-shared/model/problem';
import type { Api } from './api.ts';

export interface FollowHandlers {
  /** Each time it is different. `at` is the server's time of the change, when it is known. */
  onOperation(operation: Operation, at: number | undefined): void;
  /** The server is out of reach (with the problem) or back (without). */
  onLink(problem: Problem | undefined): void;
  signal: AbortSignal;
  /** Milliseconds without the server after which it gives up. */
  patienceMs?: number;
  /** Milliseconds between questions, beside the event stream. */
  askEveryMs?: number;
}

/** No use in trying again. */
const final = ['unauthorized', 'forbidden', 'not_found', 'invalid_input'];

/**
 * Resolves to the ended operation. The event stream tells changes at once; a question every two seconds fills what it
 * missed, so that no way of losing the stream can leave us waiting. Rejects when the token is refused, when the
 * server stays away for ten minutes, or when the signal is aborted.
 */
export function followOperation(
  api: Api,
  target: { id: string; app: string },
  handlers: FollowHandlers,
): Promise<Operation> {
  const { patienceMs = 10 * 60_000, askEveryMs = 2_000, signal } = handlers;
  return new Promise((resolve, reject) => {
    let ended = false;
    let asking = false;
    let furthest = -1;
    let lostAt: number | undefined;

    const settle = (finish: () => void) => {
      if (ended) return;
      ended = true;
      clearInterval(timer);
      stream.unsubscribe();
      signal.removeEventListener('abort', leave);
      finish();
    };
    const leave = () => settle(() => reject(signal.reason));
    const accept = (operation: Operation, at?: number) => {
      // Two ways bring news; the slower one must not turn the clock back.
      const far = reached(operation);
      if (ended || operation.id !== target.id || far < furthest) return;
      furthest = far;
      handlers.onOperation(operation, at);
      if (operationEnded[operation.state]) settle(() => resolve(operation));
    };
    const lost = (error: unknown) => {
      if (ended) return;
      const problem = describeError(error);
      if (final.includes(problem.code)) return settle(() => reject(error));
      if (lostAt === undefined) handlers.onLink(problem);
      lostAt ??= performance.now();
      if (performance.now() - lostAt > patienceMs) settle(() => reject(gone(target, problem)));
    };
    const ask = async () => {
      if (asking || ended) return;
      asking = true;
      try {
        const operation = await api.operations.get.query({ id: target.id });
        if (lostAt !== undefined && !ended) handlers.onLink(undefined);
        lostAt = undefined;
        accept(operation);
      } catch (error) {
        lost(error);
      } finally {
        asking = false;
      }
    };

    const timer = setInterval(() => void ask(), askEveryMs);
    const stream = api.events.subscribe.subscribe(
      { app: target.app },
      {
        onStarted: () => void ask(),
        onData: ({ data }) => {
          if (data.body.kind === 'operation.changed') accept(data.body.operation, data.at);
        },
        // The questions find out by themselves what is the matter and whether it lasts.
        onError: () => void ask(),
        onConnectionStateChange: ({ state, error }) => {
          if (state === 'connecting' && error) void ask();
        },
      },
    );
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    void ask();
  });
}

const stepReached = { waiting: 0, running: 1, done: 2, failed: 2 };

function reached(operation: Operation): number {
  if (operationEnded[operation.state]) return Number.POSITIVE_INFINITY;
  return operation.steps.reduce((sum, step) => sum + stepReached[step.state], operation.state === 'running' ? 1 : 0);
}

function gone(target: { id: string }, problem: Problem): ProblemError {
  return new ProblemError({
    ...problem,
    why: `${problem.why} It stayed away.`,
    still: 'The operation runs on the server and goes on, or is carried on when the server starts.',
    remedy: `Look again with \`minicloud watch ${target.id}\`.`,
  });
}
