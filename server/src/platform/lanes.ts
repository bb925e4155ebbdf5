/**
 * Lanes: so much work at a time, and any amount of waiting. Whoever waits for something that costs this machine nothing,
 * such as an app that takes an hour to become healthy, gives its lane to others meanwhile.
 */
import { abortReason } from './wait.ts';

/** Runs `wait` without a lane, and has one again when it has ended, however. Not twice at a time. */
export type Waiting = <T>(wait: () => Promise<T>) => Promise<T>;

export interface Lanes {
  /** Runs the work as soon as a lane is free. Rejects with the signal's reason when it is aborted before that. */
  run<T>(signal: AbortSignal, work: (waiting: Waiting) => Promise<T>): Promise<T>;
}

export function createLanes(width: number): Lanes {
  const turns: (() => void)[] = [];
  let free = width;

  const take = (signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted) return reject(abortReason(signal));
      if (free > 0) {
        free -= 1;
        return resolve();
      }
      const turn = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        turns.splice(turns.indexOf(turn), 1);
        reject(abortReason(signal));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      turns.push(turn);
    });
  const give = () => {
    const next = turns.shift();
    if (next) next();
    else free += 1;
  };
  const waiting: Waiting = async (wait) => {
    give();
    try {
      return await wait();
    } finally {
      // Also when it was cancelled: what comes then, such as taking back, is work.
      await take();
    }
  };

  return {
    async run(signal, work) {
      await take(signal);
      try {
        return await work(waiting);
      } finally {
        give();
      }
    },
  };
}
