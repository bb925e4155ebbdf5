/**
 * How far the reading of a log is behind its writing. Only differences are used, as the engine may run on a machine
 * whose clock is another.
 */
export interface Lag {
  /**
   * True when a line that was written `at` (the engine's clock) comes so late that it is better to go on with the
   * newest ones. `waited` is how long, milliseconds, the line itself had to be waited for.
   */
  tooFar(line: { at: number; now: number; waited: number }): boolean;
}

export const mostLagMs = 15_000;
/** A line that was waited for this long is the newest there is: nothing is behind it. Milliseconds. */
const newestMs = 200;

export function createLag(): Lag {
  // Least time between the writing of a line and its reading so far. A line's own time less this one is its lag;
  // history that is read at once has none, as it catches up with every line.
  let least = Number.POSITIVE_INFINITY;
  return {
    tooFar({ at, now, waited }) {
      // Taken anew for the newest: a clock that was set meanwhile is no lag.
      least = waited >= newestMs ? now - at : Math.min(least, now - at);
      return now - at - least > mostLagMs;
    },
  };
}
