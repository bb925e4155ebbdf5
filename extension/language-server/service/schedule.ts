/** Cron schedules in words and in moments. */
import { scheduleFault } from 'minicloud-shared/manifest/cron';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import type { NextRuns } from './next-runs.ts';

/** `At 03:00, Monday through Friday`; undefined for what is no schedule. */
export function scheduleWords(schedule: string): string | undefined {
  if (scheduleFault(schedule) !== undefined) return undefined;
  const [minute = '*', hour = '*', day = '*', month = '*', weekday = '*'] = schedule.trim().split(/\s+/);
  const onDay = day === '*' ? [] : [`on ${day.includes('/') ? '' : 'day '}${numbered(day, 'day')} of the month`];
  const onWeekday = weekday === '*' ? [] : [named(weekday, weekdays, 0)];
  // Cron runs when either of the two days fits, not only when both do.
  const days =
    onDay.length > 0 && onWeekday.length > 0 ? [`${onDay[0]} or on ${onWeekday[0]}`] : [...onDay, ...onWeekday];
  const onlyIn = month === '*' ? [] : [`only in ${named(month, months, 1)}`];
  return [timeWords(minute, hour), ...days, ...onlyIn].join(', ');
}

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];

function timeWords(minute: string, hour: string): string {
  const single = (field: string): boolean => /^\d+(,\d+)*$/.test(field);
  if (single(minute) && single(hour)) {
    const times = hour.split(',').flatMap((at) => minute.split(',').map((past) => `${padded(at)}:${padded(past)}`));
    return `At ${listed(times)}`;
  }
  const within = hour === '*' ? '' : `, in ${hour.startsWith('*/') ? '' : 'the hours '}${numbered(hour, 'hour')}`;
  if (minute === '*') return `Every minute${within}`;
  if (minute.startsWith('*/'))
    return `Every ${minute.slice(2)} minutes`.replace('Every 1 minutes', 'Every minute') + within;
  if (minute === '0' && hour === '*') return 'Every hour';
  if (minute === '0' && hour.startsWith('*/'))
    return `Every ${hour.slice(2)} hours`.replace('Every 1 hours', 'Every hour');
  return `At minute ${numbered(minute, 'minute')}${hour === '*' ? ' of every hour' : within}`;
}

/** `1, 15 and 20 to 25`, or `every 2nd day` for a step over all of them. */
function numbered(field: string, unit: string): string {
  return worded(field, (value) => String(Number(value)), unit);
}

/** Numbers or short English names as the words that a calendar has. */
function named(field: string, names: readonly string[], first: number): string {
  const word = (value: string): string => {
    const number = /^\d+$/.test(value)
      ? Number(value) - first
      : names.findIndex((name) => name.slice(0, 3).toUpperCase() === value.toUpperCase());
    return names[number] ?? value;
  };
  return worded(field, word, first === 0 ? 'day of the week' : 'month');
}

function worded(field: string, word: (value: string) => string, unit: string): string {
  const parts = field.split(',').map((part) => {
    const [range = '', step] = part.split('/');
    const [from = '', to] = range.split('-');
    const shown = range === '*' ? '' : to === undefined ? word(from) : `${word(from)} through ${word(to)}`;
    if (step === undefined || step === '1') return shown || `every ${unit}`;
    return `every ${ordinal(Number(step))} ${unit}${shown ? ` of ${shown}` : ''}`;
  });
  return listed(parts);
}

function listed(parts: readonly string[]): string {
  return parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : (parts[0] ?? '');
}

function ordinal(number: number): string {
  const ending = ['th', 'st', 'nd', 'rd'][number % 10] ?? 'th';
  return `${number}${number % 100 >= 11 && number % 100 <= 13 ? 'th' : ending}`;
}

function padded(text: string): string {
  return text.padStart(2, '0');
}

let later: NextRuns | undefined;

/** Reads the part that tells when schedules fire, which few manifests have: until then no moments are told. */
export async function loadNextRuns(): Promise<void> {
  later ??= (await import('./next-runs.ts')).nextRuns;
}

/** The next moments at which a schedule fires, as far as they can be told by now. */
export const nextRuns: NextRuns = (...asked) => later?.(...asked) ?? [];

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
