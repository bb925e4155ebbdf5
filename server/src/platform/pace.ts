/** So many a second and not more, however many ask: what is cheap once must not take the whole process when repeated. */
import { sleep } from './wait.ts';

export interface Pace {
  /** Resolves when the next one may go; those who ask go in the order in which they asked. Rejects with the signal. */
  next(signal?: AbortSignal): Promise<void>;
}

/** How long those who wait are let go at once, milliseconds. */
const slotMs = 50;

/** At most `perSecond` over time, and `burst` at once after a pause. */
export function createPace(perSecond: number, burst: number, now: () => number = () => performance.now()): Pace {
  let left = burst;
  let filledAt = now();
  let tail: Promise<void> = Promise.resolve();

  const taken = () => {
    const at = now();
    left = Math.min(burst, left + ((at - filledAt) / 1000) * perSecond);
    filledAt = at;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
  const wait = async (signal: AbortSignal | undefined) => {
    while (!taken()) await sleep(slotMs, signal);
  };

  let waiting = 0;
  return {
    async next(signal) {
      if (waiting === 0 && taken()) return;
      waiting += 1;
      const turn = tail.then(() => wait(signal));
      tail = turn
        .catch(() => {})
        .finally(() => {
          waiting -= 1;
        });
      await turn;
    },
  };
}
