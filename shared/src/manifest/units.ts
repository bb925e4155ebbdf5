/** Sizes, durations and percentages: their text forms, their numbers, and the text that was probably meant. */

export const sizeUnits: Record<string, number> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  kiB: 2 ** 10,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
export const durationUnits: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export const sizePattern = /^(\d{1,12}(?:\.\d{1,6})?)(B|[kK]B|MB|GB|TB|[kK]iB|MiB|GiB|TiB)$/;
export const durationPattern = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)$/;
export const percentPattern = /^(\d{1,3})%$/;

/** Bytes of `256MB` (10⁶) or `256MiB` (2²⁰); undefined when it is no size. */
export function parseSize(text: string): number | undefined {
  return scaled(sizePattern.exec(text), sizeUnits);
}

/** Milliseconds of `500ms`, `30s`, `5m`, `2h` or `1d`; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  return scaled(durationPattern.exec(text), durationUnits);
}

/** 10 of `10%`; undefined when it is no whole percentage from 1 to 100. */
export function parsePercent(text: string): number | undefined {
  const value = Number(percentPattern.exec(text)?.[1]);
  return value >= 1 && value <= 100 ? value : undefined;
}

/** The shortest exact text of a number of bytes: `256MB`, `5GiB`, `1234B`. */
export function formatBytes(bytes: number): string {
  for (const unit of ['TB', 'TiB', 'GB', 'GiB', 'MB', 'MiB', 'kB', 'KiB']) {
    const size = sizeUnits[unit] ?? 1;
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}B`;
}

/** The shortest exact text of a number of milliseconds: `5m`, `90s`, `1500ms`. */
export function formatDuration(milliseconds: number): string {
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = durationUnits[unit] ?? 1;
    if (milliseconds >= size && milliseconds % size === 0) return `${milliseconds / size}${unit}`;
  }
  return `${milliseconds}ms`;
}

/** What was probably meant by `512`, `512 mb`, `512M` or `512Mi`. */
export function suggestSize(value: string | number): string | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)(?:b|bytes?)?$/i.exec(String(value));
  if (!match) return undefined;
  const letter = (match[2] ?? '').toUpperCase() || (/b/i.test(String(value)) ? '' : 'M');
  if (letter === '' && match[3]) return undefined;
  return `${match[1]}${letter}${match[3] ? 'i' : ''}B`;
}

const longDurationUnits: [pattern: RegExp, unit: string][] = [
  [/^(ms|msecs?|millis|milliseconds?)$/i, 'ms'],
  [/^(|s|secs?|seconds?)$/i, 's'],
  [/^(m|mins?|minutes?)$/i, 'm'],
  [/^(h|hrs?|hours?)$/i, 'h'],
  [/^(d|days?)$/i, 'd'],
];

/** What was probably meant by `30`, `30 sec`, `5min` or `1h30m`. */
export function suggestDuration(value: string | number): string | undefined {
  const text = String(value).trim();
  if (!/^(\d{1,9}(\.\d{1,6})?\s*[a-z]*\s*){1,5}$/i.test(text)) return undefined;
  let total = 0;
  let single: string | undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)/gi)];
  for (const part of parts) {
    const unit = longDurationUnits.find(([pattern]) => pattern.test(part[2] ?? ''))?.[1];
    if (unit === undefined) return undefined;
    single = `${part[1]}${unit}`;
    total += Number(part[1]) * (durationUnits[unit] ?? 0);
  }
  return parts.length === 1 ? single : formatDuration(total);
}

/** What was probably meant by `10` or `10 %`. */
export function suggestPercent(value: string | number): string | undefined {
  const match = /^(\d{1,3})\s*%?$/.exec(String(value));
  return match ? `${match[1]}%` : undefined;
}

function scaled(match: RegExpExecArray | null, units: Record<string, number>): number | undefined {
  if (!match) return undefined;
  const value = Math.round(Number(match[1]) * (units[match[2] ?? ''] ?? Number.NaN));
  return Number.isSafeInteger(value) ? value : undefined;
}
