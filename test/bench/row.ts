/** What a benchmark reports: always beside a reference that was measured in the same run, never a number alone. */

export interface BenchRow {
  name: string;
  value: number;
  /** `req/s`, `ms`, `MB`. */
  unit: string;
  /** The same thing measured without Minicloud, in the same unit; undefined where the bar is absolute. */
  reference?: number;
  /** value ÷ reference. */
  ratio?: number;
  /** What is promised, in words: `ratio ≥ 0.88`, `≤ 50 ms`. */
  bar: string;
  ok: boolean;
}

/** The middle of some numbers; the mean of the middle two when they are even in number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return Number.NaN;
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** A duration in milliseconds beside the least that it could be; `most` is how many times that it may take. */
export function beside(given: { name: string; value: number; floor: number; most: number; bar: string }): BenchRow {
  const { name, value, floor, most, bar } = given;
  const ratio = value / floor;
  return { name, value, unit: 'ms', reference: floor, ratio, bar, ok: ratio <= most };
}

/** Something of which there may be so much and no more, reference or not. */
export function atMost(given: {
  name: string;
  value: number;
  unit: string;
  most: number;
  reference?: number;
}): BenchRow {
  const { name, value, unit, most, reference } = given;
  const compared = reference === undefined ? {} : { reference, ratio: value / reference };
  return { name, value, unit, ...compared, bar: `≤ ${most} ${unit}`, ok: value <= most };
}

/** The least value that a share of the values, 0 to 1, does not exceed. NaN when there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const index = Math.min(sorted.length, Math.max(1, Math.ceil(sorted.length * share))) - 1;
  return sorted[index] ?? Number.NaN;
}
