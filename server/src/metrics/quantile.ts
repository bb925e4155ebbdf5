/** Quantiles of a histogram. Pure. */

/**
 * The value below which the share `q` of what was counted lies, evenly spread within its bucket; NaN when nothing was
 * counted. `counts` has one more entry than `bounds`: what was above the last bound, told as that bound.
 */
export function quantile(counts: readonly number[], bounds: readonly number[], q: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return Number.NaN;
  let below = 0;
  for (const [index, upper] of bounds.entries()) {
    const count = counts[index] ?? 0;
    if (count > 0 && below + count >= q * total) {
      const lower = index === 0 ? 0 : (bounds[index - 1] ?? 0);
      return lower + ((q * total - below) / count) * (upper - lower);
    }
    below += count;
  }
  return bounds.at(-1) ?? Number.NaN;
}
