import type { Translate } from '../translate.ts';

const units: [seconds: number, one: string][] = [
  [86_400, '{0} d ago'],
  [3_600, '{0} h ago'],
  [60, '{0} min ago'],
];

/** How long ago, in the largest unit that fits: `just now`, `3 min ago`, `2 d ago`. Times in milliseconds. */
export function formatAge(at: number, now: number, t: Translate): string {
  const seconds = (now - at) / 1000;
  for (const [size, message] of units) if (seconds >= size) return t(message, Math.floor(seconds / size));
  return t('just now');
}
