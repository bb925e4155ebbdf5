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
  return `${percent > 0 && percent < 0.95 ? percent.toFixed(1) : Math.round(percent)} %`;
}

const blocks = '▁▂▃▄▅▆▇█';

/** A line of blocks, the highest value a full one; gaps are spaces. At most `width` of the last values. */
export function sparkline(values: readonly (number | null)[], width = 24): string {
  const last = values.slice(-width);
  const highest = Math.max(0, ...last.map((value) => value ?? 0));
  return last
    .map((value) => {
      if (value === null) return ' ';
      const level = highest === 0 ? 0 : Math.round((value / highest) * (blocks.length - 1));
      return blocks[Math.max(0, level)];
    })
    .join('');
}
