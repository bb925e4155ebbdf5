/** Times, durations and sizes in words. Pure: the moment is given. */

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** `3 min ago`, `in 2 days`, `just now`. Milliseconds since the epoch. */
export function relative(at: number, now: number): string {
  const away = Math.abs(now - at);
  if (away < 5 * second) return 'just now';
  const words = roughly(away);
  return at <= now ? `${words} ago` : `in ${words}`;
}

/** One unit only: `40 s`, `3 min`, `5 h`, `2 days`. */
export function roughly(ms: number): string {
  if (ms < minute) return `${Math.floor(ms / second)} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} min`;
  if (ms < day) return `${Math.floor(ms / hour)} h`;
  const days = Math.floor(ms / day);
  return days === 1 ? '1 day' : `${days} days`;
}

/** What was measured: `0 ms`, `820 ms`, `3.2 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < second) return `${Math.round(ms)} ms`;
  if (ms < minute) return `${(ms / second).toFixed(1)} s`;
  return `${Math.floor(ms / minute)} min ${Math.floor((ms % minute) / second)} s`;
}

/** What is running now, without units that jump: `3.2 s`, `2:05`. */
export function elapsed(ms: number): string {
  const past = Math.max(0, ms);
  if (past < minute) return `${(past / second).toFixed(1)} s`;
  return `${Math.floor(past / minute)}:${String(Math.floor((past % minute) / second)).padStart(2, '0')}`;
}

/** Bytes: `123 MB`. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** Milliseconds of `90s`, `30m`, `12h`, `30d`; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6})(s|m|h|d)$/.exec(text);
  if (!match) return undefined;
  const unit = { s: second, m: minute, h: hour, d: day }[match[2] ?? ''] ?? 0;
  return Number(match[1]) * unit || undefined;
}
