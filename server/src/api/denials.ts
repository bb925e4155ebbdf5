/**
 * Refusals in the event log: every kind of them is told, and nobody can fill the disk or push the rest of the log out
 * by being refused. What is left out is counted and told with the next that is written.
 */
import type { Clock } from '../platform/clock.ts';
import type { Events } from '../platform/events.ts';

export interface Denials {
  record(by: string, what: string): Promise<void>;
}

/** Entries that may be written at once, and how often one more may. */
const atOnce = 100;
const oneMoreEveryMs = 60_000;
/** The same refusal of the same principal is written once in this time. */
const sameWithinMs = 60_000;
const mostRemembered = 1000;

export function createDenials(events: Events, clock: Clock): Denials {
  const recent = new Map<string, number>();
  let left = atOnce;
  let filledAt = clock.now();
  let leftOut = 0;

  return {
    async record(by, what) {
      const now = clock.now();
      const earned = Math.floor((now - filledAt) / oneMoreEveryMs);
      if (earned > 0) {
        left = Math.min(atOnce, left + earned);
        filledAt += earned * oneMoreEveryMs;
      }
      const key = `${by}\n${what}`;
      const known = recent.get(key);
      if (left === 0 || (known !== undefined && now - known < sameWithinMs)) {
        leftOut += 1;
        return;
      }
      left -= 1;
      recent.delete(key);
      recent.set(key, now);
      for (const oldest of recent.keys()) {
        if (recent.size <= mostRemembered) break;
        recent.delete(oldest);
      }
      const more = leftOut === 0 ? '' : `; ${leftOut} more were refused since the last entry`;
      leftOut = 0;
      await events.append({ by, body: { kind: 'access.denied', what: `${what}${more}` } });
    },
  };
}
