/** Cron schedules in words and in moments. */
import { Cron } from 'croner';
import cronstrue from 'cronstrue';
import { scheduleFault } from 'minicloud-shared/manifest/cron';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';

/** `At 03:00, Monday through Friday`; undefined for what is no schedule. */
export function scheduleWords(schedule: string): string | undefined {
  if (scheduleFault(schedule) !== undefined) return undefined;
  const [, , day = '*', , weekday = '*'] = schedule.trim().split(/\s+/);
  const words = cronstrue.toString(schedule, { use24HourTimeFormat: true });
  // Cron runs when either of the two days fits, not only when both do.
  return day !== '*' && weekday !== '*' ? words.replace(', and ', ' or ') : words;
}

/** The next moments, in milliseconds since the epoch, at which a schedule fires in a time zone. */
export function nextRuns(schedule: string, timezone: string, from: number, count: number): number[] {
  if (scheduleFault(schedule) !== undefined) return [];
  try {
    const cron = new Cron(schedule.trim(), { timezone, paused: true });
    return cron.nextRuns(count, new Date(from)).map((date) => date.getTime());
  } catch {
    // A time zone that the platform does not know: its diagnostic says so.
    return [];
  }
}

/** `Mon 6 Apr 2026, 03:00` on the clocks of a time zone. */
export function momentText(at: number, timezone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone: timezone, weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' },
    ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  });
  return parts.format(at).replace(/^(\w+), /, '$1 ');
}

/** The zone that a schedule at a path goes by: the job's own, else UTC. */
export function timezoneOf(document: ManifestDocument, path: readonly (string | number)[]): string {
  const job = path[0] === 'jobs' ? document.context.text.jobs?.[Number(path[1])] : undefined;
  return job?.timezone ?? 'UTC';
}
