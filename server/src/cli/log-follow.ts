/** Following logs over lost connections, without a gap where the server still has the lines, and without repetition. */
import { describeError } from 'minicloud-shared/client/describe-error';
import type { Problem } from 'minicloud-shared/model/problem';
import type { LogLine } from 'minicloud-shared/model/system';
import type { Api } from './api.ts';

export interface FollowInput {
  app: string;
  lines: number;
  process?: string;
}

export interface LogHandlers {
  onLine(line: LogLine): void;
  /** The stream is lost (with the problem) or back (without). */
  onLink(problem: Problem | undefined): void;
  signal: AbortSignal;
  /** Milliseconds before it is opened again. */
  againMs?: number;
}

const final = ['unauthorized', 'forbidden', 'not_found', 'invalid_input', 'rate_limited'];
/** Lines asked for after a loss: what was written meanwhile, and some that are known to find the seam. */
const linesAfterLoss = 2_000;

/** Until the signal, which resolves it. Rejects when the token is refused or the app is gone. */
export async function followLogs(api: Api, input: FollowInput, handlers: LogHandlers): Promise<void> {
  const seam = createSeam();
  let lines = input.lines;
  let lost = false;
  while (!handlers.signal.aborted) {
    const error = await followOnce(
      api,
      { ...input, lines },
      {
        signal: handlers.signal,
        onOpen() {
          if (lost) handlers.onLink(undefined);
          lost = false;
        },
        onLine: (line) => seam.isNew(line) && handlers.onLine(line),
      },
    );
    if (handlers.signal.aborted) return;
    const problem = describeError(error);
    if (final.includes(problem.code)) throw error;
    if (!lost) handlers.onLink(problem);
    lost = true;
    if (seam.begun()) lines = linesAfterLoss;
    seam.again();
    await pause(handlers.againMs ?? 1_000, handlers.signal);
  }
}

interface Once {
  onOpen(): void;
  onLine(line: LogLine): void;
  signal: AbortSignal;
}

/** One connection; resolves to what ended it. The client's own reconnecting would ask for the first lines again. */
function followOnce(api: Api, input: FollowInput, { onOpen, onLine, signal }: Once): Promise<unknown> {
  return new Promise((resolve) => {
    const end = (reason: unknown) => {
      signal.removeEventListener('abort', stop);
      resolve(reason);
      stream.unsubscribe();
    };
    const stop = () => end(undefined);
    const stream = api.logs.follow.subscribe(input, {
      onStarted: onOpen,
      onData: onLine,
      onError: end,
      onComplete: () => end(new Error('The stream ended.')),
      onConnectionStateChange: ({ state, error }) => {
        if (state === 'connecting' && error) end(error);
      },
    });
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}

const remembered = 4_000;
/** Lines of several replicas come a little out of order. */
const slackMs = 10_000;

interface Seam {
  /** False for a line that was given before the connection was lost. */
  isNew(line: LogLine): boolean;
  again(): void;
  begun(): boolean;
}

/** Where the lines after a loss join those before it. Exported for its test. */
export function createSeam(): Seam {
  let recent: { at: number; key: string }[] = [];
  let newest: number | undefined;
  /** Lines that may come twice, and how often they were seen; empty on the first connection. */
  let before = new Map<string, number>();
  let oldest: number | undefined;
  return {
    isNew(line) {
      const key = JSON.stringify([line.at, line.process, line.replica, line.release, line.stream, line.text]);
      if (oldest !== undefined && line.at < oldest) return false;
      const seen = before.get(key) ?? 0;
      if (seen > 0) {
        before.set(key, seen - 1);
        return false;
      }
      newest = Math.max(newest ?? line.at, line.at);
      recent.push({ at: line.at, key });
      if (recent.length > 2 * remembered) recent = recent.slice(-remembered);
      return true;
    },
    again() {
      if (newest === undefined) return;
      const limit = newest - slackMs;
      const first = recent[0]?.at ?? limit;
      oldest = recent.length >= remembered ? Math.max(limit, first) : limit;
      recent = recent.filter(({ at }) => at >= (oldest ?? at));
      before = new Map();
      for (const { key } of recent) before.set(key, (before.get(key) ?? 0) + 1);
    },
    begun: () => newest !== undefined,
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
