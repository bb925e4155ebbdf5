/** Curves as SVG: one or a few lines over the same time, with a scale, and the same in words for who can't see it. */
import { type Html, html } from './html.ts';

export interface Line {
  label: string;
  /** As long as `at`; null is a gap. */
  values: readonly (number | null)[];
  /** Colour and dashes: 0 is the first line of a chart. Lines differ by dashes too, never by colour alone. */
  look: 0 | 1 | 2;
}

export interface Chart {
  title: string;
  /** Times, rising, milliseconds since the epoch. */
  at: readonly number[];
  from: number;
  to: number;
  lines: readonly Line[];
  /** A level to compare with, such as a limit; drawn when the scale reaches it. */
  limit?: { label: string; value: number } | undefined;
  /** Said at the left and the right end of the time. */
  ends: readonly [from: string, to: string];
  /** The scale ends here at least, so that noise near zero does not look like load. */
  atLeast: number;
  format(value: number): string;
}

const width = 600;
const height = 120;

export function chart({ title, at, from, to, ends, lines, limit, atLeast, format }: Chart): Html {
  const highest = Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const top = niceTop(Math.max(highest, atLeast));
  const x = (time: number): number => round(((time - from) / Math.max(1, to - from)) * width);
  const y = (value: number): number => round(height - (value / top) * height);
  const drawn = lines.map(({ values, look }) => {
    const { line, dots } = pathsOf(at, values, x, y);
    return html`<path class="line look-${look}" d="${line}"></path><path class="dots look-${look}" d="${dots}"></path>`;
  });
  const rules = [0, 0.5, 1].map(
    (part) => html`<line class="rule" x1="0" x2="${width}" y1="${y(top * part)}" y2="${y(top * part)}"></line>`,
  );
  const mark =
    limit && limit.value <= top
      ? [html`<line class="limit" x1="0" x2="${width}" y1="${y(limit.value)}" y2="${y(limit.value)}"></line>`]
      : [];
  const legend = lines.map(
    ({ label, values, look }) =>
      html`<li><span class="key look-${look}" aria-hidden="true"></span>${label} <b>${lastText(values, format)}</b></li>`,
  );
  return html`<figure>
<figcaption>${title}<ul class="legend">${legend}${limit ? [html`<li>${limit.label} <b>${format(limit.value)}</b></li>`] : []}</ul></figcaption>
<div class="plot"><span class="top" aria-hidden="true">${format(top)}</span><svg role="img" aria-label="${spoken(title, lines, format)}" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">${rules}${mark}${drawn}</svg></div>
<div class="ends" aria-hidden="true"><span>${ends[0]}</span><span>${ends[1]}</span></div>
</figure>`;
}

/** One, two or five times a power of ten: the next at or above `value`. */
export function niceTop(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 2.5, 5, 10].find((each) => each * power >= value * 0.999999) ?? 10;
  return factor * power;
}

/** A line ends where nothing was measured; a value between two such gaps is a dot, for no line has its length. */
function pathsOf(
  at: readonly number[],
  values: readonly (number | null)[],
  x: (time: number) => number,
  y: (value: number) => number,
): { line: string; dots: string } {
  const runs: string[][] = [[]];
  for (const [index, time] of at.entries()) {
    const value = values[index] ?? null;
    if (value === null) runs.push([]);
    else runs.at(-1)?.push(`${x(time)} ${y(value)}`);
  }
  const lines = runs.filter(({ length }) => length > 1).map((points) => `M${points.join('L')}`);
  const dots = runs.filter(({ length }) => length === 1).map(([point]) => `M${point}h0`);
  return { line: lines.join(''), dots: dots.join('') };
}

function spoken(title: string, lines: readonly Line[], format: (value: number) => string): string {
  return [
    title,
    ...lines.map(({ label, values }) => {
      const highest = Math.max(0, ...values.map((value) => value ?? 0));
      return `${label}: ${lastText(values, format)}, max ${format(highest)}`;
    }),
  ].join('. ');
}

function lastText(values: readonly (number | null)[], format: (value: number) => string): string {
  const last = values.findLast((value) => value !== null);
  return last === undefined || last === null ? '–' : format(last);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
