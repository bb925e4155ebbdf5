/**
 * Values over time, in rings of a fixed length: all series of a tier share their times, so that a value costs four
 * bytes and a day of an app some kilobytes. Knows no noun.
 */

export interface Tier {
  /** Every `everyMs` one slot is filled; the oldest goes. */
  everyMs: number;
  slots: number;
}

export interface Points {
  at: number[];
  /** By column; null where nothing was measured. */
  values: (number | null)[][];
}

export interface Rings {
  /** Begins a new slot. */
  tick(at: number): void;
  /** Sets a series' values in the slot that was begun last; NaN is "not measured". */
  set(key: string, values: readonly number[]): void;
  /** Slots from `since` on, oldest first, in which the series was set. */
  read(key: string, since: number): Points;
  keys(prefix: string): string[];
}

/** More series than this are not kept: a machine has room for so many replicas and no more. */
const mostSeries = 20_000;

export function createRings({ slots }: Tier, columns: number): Rings {
  const times = new Float64Array(slots);
  const series = new Map<string, { values: Float32Array; first: number; last: number }>();
  let tick = -1;

  return {
    tick(at) {
      tick += 1;
      times[tick % slots] = at;
      for (const [key, { values, last }] of series) {
        if (tick - last >= slots) series.delete(key);
        else values.fill(Number.NaN, (tick % slots) * columns, (tick % slots) * columns + columns);
      }
    },
    set(key, values) {
      let found = series.get(key);
      if (!found) {
        if (series.size >= mostSeries) return;
        found = { values: new Float32Array(slots * columns).fill(Number.NaN), first: tick, last: tick };
        series.set(key, found);
      }
      found.last = tick;
      found.values.set(values, (tick % slots) * columns);
    },
    read(key, since) {
      const found = series.get(key);
      const points: Points = { at: [], values: Array.from({ length: columns }, () => []) };
      if (!found) return points;
      for (let each = Math.max(found.first, tick - slots + 1, 0); each <= tick; each += 1) {
        const slot = each % slots;
        const at = times[slot] ?? 0;
        if (at < since) continue;
        const values = [...found.values.subarray(slot * columns, slot * columns + columns)];
        if (values.every(Number.isNaN)) continue;
        points.at.push(at);
        for (const [column, list] of points.values.entries()) list.push(told(values[column]));
      }
      return points;
    },
    keys: (prefix) => [...series.keys()].filter((key) => key.startsWith(prefix)),
  };
}

function told(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}

/** The last points without a pause: what was measured before somebody stopped looking is in the coarser tiers. */
export function sinceLastPause({ at, values }: Points, longestMs: number): Points {
  const pause = at.findLastIndex((time, index) => index > 0 && time - (at[index - 1] ?? 0) > longestMs);
  const first = Math.max(0, pause);
  return { at: at.slice(first), values: values.map((list) => list.slice(first)) };
}

/** Points of two series as those of one that has the columns of both, at the times of either. */
export function beside(a: Points, b: Points): Points {
  const at = [...new Set([...a.at, ...b.at])].sort((one, other) => one - other);
  const columnsOf = (points: Points) => {
    const indexes = new Map(points.at.map((time, index) => [time, index]));
    return points.values.map((list) => at.map((time) => list[indexes.get(time) ?? -1] ?? null));
  };
  return { at, values: [...columnsOf(a), ...columnsOf(b)] };
}

/** Points of several tiers as one line: of each, given from fine to coarse, what is older than the finer ones reach. */
export function joined(tiers: readonly Points[], columns: number): Points {
  const all: Points = { at: [], values: Array.from({ length: columns }, () => []) };
  for (const { at, values } of tiers) {
    const oldest = all.at[0] ?? Number.POSITIVE_INFINITY;
    const count = at.filter((time) => time < oldest).length;
    all.at.unshift(...at.slice(0, count));
    for (const [column, list] of all.values.entries()) list.unshift(...(values[column] ?? []).slice(0, count));
  }
  return all;
}
