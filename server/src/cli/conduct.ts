/** Starts an operation and stays with it: progress on the terminal, Ctrl-C, lost connections, the outcome. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from 'minicloud-shared/client/describe-error';
import type { Operation } from 'minicloud-shared/model/operation';
import type { Api } from './api.ts';
import type { Context } from './command.ts';
import { type ExitCode, exitCodeOf, exitCodes, Interrupted, isUnreachable } from './exit-codes.ts';
import { followOperation } from './follow.ts';
import { createLive } from './live.ts';
import { problemView } from './problem-view.ts';
import { changedLines, frame, frameMs, type Progress, spin } from './progress.ts';
import { cut, styled } from './text.ts';

export interface Conduct {
  /** Tried again with the same key when the answer got lost, so that it is started once. */
  start(idempotencyKey: string): Promise<{ operationId: string; app: string }>;
  planned?: readonly { id: string; title: string }[];
  /** What the first Ctrl-C does: ask the server to cancel, or only stop watching. */
  interrupt: 'cancel' | 'leave';
}

export interface Outcome {
  operation: Operation;
  /** True when the person at this terminal asked for it to be cancelled. */
  cancelAsked: boolean;
}

/** Resolves when the operation has ended, however. Throws `Interrupted` when the person left it to itself. */
export async function conduct(context: Context, api: Api, options: Conduct): Promise<Outcome> {
  const leave = new AbortController();
  const state: { id?: string; cancelAsked: boolean } = { cancelAsked: false };
  const view = createView(context, options.planned ?? []);
  const cancel = async () => {
    if (state.id === undefined) return;
    try {
      const { cancelling } = await api.operations.cancel.mutate({ id: state.id });
      // An older server does not say.
      if (cancelling === false)
        view.notice('It can not be cancelled any more and goes on to its end. Ctrl-C again leaves it to itself.');
    } catch (error) {
      view.notice(`The server could not be asked to cancel: ${describeError(error).why} Ctrl-C leaves.`);
    }
  };
  const offInterrupt = context.onInterrupt(() => {
    if (options.interrupt === 'leave' || state.cancelAsked) return leave.abort(new Interrupted(goesOn(state.id)));
    state.cancelAsked = true;
    view.notice('Asked the server to cancel; waiting for the outcome. Ctrl-C again leaves it to itself.');
    void cancel();
  });
  try {
    const started = await Promise.race([startOnce(options.start), whenAborted(leave.signal)]);
    state.id = started.operationId;
    if (state.cancelAsked) void cancel();
    const operation = await followOperation(
      api,
      { id: started.operationId, app: started.app },
      {
        signal: leave.signal,
        onOperation: view.show,
        onLink: (problem) =>
          view.notice(problem && `Connection lost; the operation goes on. Trying again … (${problem.why})`),
      },
    );
    view.finish();
    return { operation, cancelAsked: state.cancelAsked };
  } catch (error) {
    view.stop();
    throw error;
  } finally {
    offInterrupt();
  }
}

/** Exit code of an operation that has ended; its problem is printed unless it succeeded. */
export function settle(context: Context, { operation, cancelAsked }: Outcome): ExitCode {
  if (operation.state === 'succeeded') return exitCodes.ok;
  const code =
    operation.state === 'cancelled' && cancelAsked
      ? exitCodes.interrupted
      : exitCodeOf(operation.problem?.code ?? 'cancelled');
  if (context.json) context.err.json({ problem: operation.problem ?? null, exitCode: code }, true);
  else if (operation.problem) context.err.print(...problemView(operation.problem, context.err.columns));
  else context.err.print([`The operation was ${operation.state}.`]);
  return code;
}

const startTries = 5;

/** Tried again with the same key where the answer got lost, so that it is done once. */
export async function startOnce<T>(start: (key: string) => Promise<T>): Promise<T> {
  const key = randomUUID();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(key);
    } catch (error) {
      if (!isUnreachable(error) || attempt === startTries) throw error;
      await sleep(attempt * 500);
    }
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

function goesOn(id: string | undefined): string[] {
  return id === undefined
    ? ['The server may have started it: see `minicloud operations`.']
    : ['It goes on on the server.', `  watch   minicloud watch ${id}`, `  cancel  minicloud cancel ${id}`];
}

interface View {
  show(operation: Operation, at: number | undefined): void;
  notice(text: string | undefined): void;
  /** Leaves the whole list of steps behind. */
  finish(): void;
  /** Takes the live lines away. */
  stop(): void;
}

/** Live on a terminal, a line for each change elsewhere, silent beside JSON. */
function createView(context: Context, planned: Progress['planned']): View {
  const { err, now } = context;
  let operation: Operation | undefined;
  let notice: string | undefined;
  let ahead = 0;
  if (!err.live) {
    const print = (...lines: Parameters<typeof err.print>) => context.json || err.print(...lines);
    return {
      show(next) {
        print(...changedLines(operation, next));
        operation = next;
      },
      notice: (text) => void print([`  ${text ?? 'The server is back.'}`]),
      finish: () => {},
      stop: () => {},
    };
  }
  const live = createLive(err);
  const draw = () => {
    const { columns, rows, unicode } = err;
    if (operation) live.draw(frame({ operation, planned, notice, ahead }, now(), { columns, rows, unicode }));
    else
      live.draw([
        [styled('cyan', spin(now(), unicode)), cut(` ${notice ?? 'Asking the server to start'}`, columns - 2)],
      ]);
  };
  const timer = setInterval(draw, frameMs);
  const offResize = err.onResize(draw);
  const end = () => {
    clearInterval(timer);
    offResize();
  };
  return {
    show(next, at) {
      operation = next;
      if (at !== undefined) ahead = now() - at;
      draw();
    },
    notice(text) {
      notice = text;
      draw();
    },
    finish() {
      end();
      if (!operation) return live.clear();
      const { columns, unicode } = err;
      live.finish(
        frame({ operation, planned: [], notice: undefined, ahead }, now(), {
          columns,
          rows: Number.POSITIVE_INFINITY,
          unicode,
        }),
      );
    },
    stop() {
      end();
      live.clear();
    },
  };
}
