/** When schedules fire. A bundle of its own, loaded with the first manifest that has jobs. */
import { Cron } from 'croner';
import { scheduleFault } from 'minicloud-shared/manifest/cron';

/** Moments in milliseconds since the epoch, by the clocks of a time zone; none for what is no schedule or no zone. */
export type NextRuns = (schedule: string, timezone: string, from: number, count: number) => number[];

export const nextRuns: NextRuns = (schedule, timezone, from, count) => {
  if (scheduleFault(schedule) !== undefined) return [];
  try {
    const cron = new Cron(schedule.trim(), { timezone, paused: true });
    return cron.nextRuns(count, new Date(from)).map((date) => date.getTime());
  } catch {
    // A time zone that the platform does not know: its diagnostic says so.
    return [];
  }
};
