/** Measured values in few characters, as rows and tooltips show them. */

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes by powers of 1000, as the command line shows them: `64 MB`, `1.4 GB`. */
export function memory(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(unit > 0 && value < 9.95 ? 1 : 0)} ${units[unit]}`;
}

/** Cores in use as percent of one core: 0.034 is `3 %`, 1.5 is `150 %`. */
export function cpu(cores: number): string {
  const percent = cores * 100;
  return `${percent >= 0.05 && percent < 0.95 ? percent.toFixed(1) : Math.round(percent)} %`;
}

const blocks = '▁▂▃▄▅▆▇█';

/**
 * A line of blocks, gaps are spaces: at most `width` of the last values. A full block is the highest of them, or
 * `atLeast` when that is more, so that noise near zero does not look like load.
 */
export function sparkline(values: readonly (number | null)[], atLeast: number, width = 24): string {
  const last = values.slice(-width);
  const top = Math.max(atLeast, ...last.map((value) => value ?? 0));
  return last
    .map((value) => {
      if (value === null) return ' ';
      return blocks[top === 0 ? 0 : Math.round((value / top) * (blocks.length - 1))];
    })
    .join('');
}
