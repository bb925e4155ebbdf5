/** Deadlines, polling and retries: every wait can be cancelled and every wait ends. */
import { ProblemError, type ProblemInit } from 'minicloud-shared/model/problem';

/** Resolves after `ms`, rejects with the signal's reason when it is aborted first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortReason(signal));
    const onAbort = () => {
      clearTimeout(timer);
      reject(abortReason(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** What `work` comes to, or the signal's reason as soon as it is aborted; the work itself is not ended by that. */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const gone = Promise.withResolvers<never>();
  const onAbort = () => gone.reject(abortReason(signal));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, gone.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The reason of an aborted signal as something that may be thrown. */
export function abortReason(signal?: AbortSignal): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new DOMException('cancelled', 'AbortError');
}

/** Runs `work` with a signal that also ends after `ms`; a passed deadline becomes the given problem. */
export async function withDeadline<T>(
  ms: number,
  problem: ProblemInit,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = AbortSignal.timeout(ms);
  const both = signal ? AbortSignal.any([signal, deadline]) : deadline;
  const gone = new Promise<never>((_, reject) => {
    both.addEventListener('abort', () => reject(abortReason(both)), { once: true });
  });
  gone.catch(() => {});
  try {
    return await Promise.race([work(both), gone]);
  } catch (error) {
    if (deadline.aborted && !signal?.aborted) throw new ProblemError(problem, { cause: error });
    throw error;
  }
}

/**
 * Calls `check` until it gives something other than undefined. The pause grows from `firstMs` to `mostMs`.
 * Returns undefined when `deadlineMs` has passed.
 */
export async function poll<T>(
  check: () => Promise<T | undefined>,
  options: { firstMs: number; mostMs: number; deadlineMs: number; signal?: AbortSignal },
): Promise<T | undefined> {
  const end = performance.now() + options.deadlineMs;
  let pause = options.firstMs;
  for (;;) {
    const answer = await check();
    if (answer !== undefined) return answer;
    if (performance.now() + pause >= end) return undefined;
    await sleep(pause, options.signal);
    pause = Math.min(pause * 1.5, options.mostMs);
  }
}
