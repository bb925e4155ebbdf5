/** A diagnostic as lines of text, the same in CLI, dashboard and logs. */
import { maskLine, visible } from './mask.ts';
import type { Diagnostic } from './model.ts';
import { lineIndex, lineText } from './source.ts';

/** Longest piece of a source line that is shown, in UTF-16 code units. */
const maxShown = 120;

/**
 * The place, the code, the message, the source line with the place marked, and what is the case now:
 *
 *     cloud_manifest.yml:7:9  manifest/port-range  expose[0].port is 70000; a port is a whole number from 1 to 65535.
 *       7 |   port: 70000
 *         |         ^^^^^        Nothing was changed. Release 12 of "shop" still serves.
 *
 * Line and column count from 1, columns in UTF-16 code units as editors show them. What looks like a key is starred out.
 */
export function formatDiagnostic(text: string, fileName: string, diagnostic: Diagnostic, consequence?: string): string {
  const { start, end } = diagnostic.range;
  const head = `${fileName}:${start.line + 1}:${start.character + 1}  ${diagnostic.code}  ${visible(diagnostic.message)}`;
  const index = lineIndex(text);
  const whole = lineText(text, index, start.line);
  const until = end.line === start.line ? end.character : whole.length;
  // A window around the place: manifests may have lines of a hundred thousand characters.
  const from = start.character > maxShown - 20 ? start.character - 20 : 0;
  const shown = printable(maskLine(whole).slice(from, from + maxShown));
  const before = printable(whole.slice(from, start.character));
  const marked = printable(whole.slice(start.character, Math.min(until, from + maxShown)));
  const number = String(start.line + 1);
  const gutter = ' '.repeat(number.length + 2);
  const carets = `${' '.repeat(width(before))}${'^'.repeat(Math.max(1, width(marked)))}`;
  const lines = [
    head,
    `  ${number} | ${shown}`,
    `${gutter} | ${carets}${consequence ? `        ${visible(consequence)}` : ''}`,
  ];
  return lines.join('\n');
}

/** What is worth a line outside of an editor: hints are for the place where one writes, and there they are one dot. */
export function tellable(list: readonly Diagnostic[]): Diagnostic[] {
  return list.filter(({ severity }) => severity !== 'hint');
}

/** All diagnostics, with the consequence on the last of them. */
export function formatDiagnostics(
  text: string,
  fileName: string,
  list: readonly Diagnostic[],
  consequence?: string,
): string {
  return list
    .map((item, index) => formatDiagnostic(text, fileName, item, index === list.length - 1 ? consequence : undefined))
    .join('\n');
}

function printable(text: string): string {
  return visible(text.replace(/\t/g, ' '));
}

/** Columns on a terminal, near enough: most East Asian characters and emoji take two. */
function width(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (/\p{M}|\u200d|\ufe0f/u.test(character)) continue;
    columns += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]|\p{Emoji_Presentation}/u.test(
      character,
    )
      ? 2
      : 1;
  }
  return columns;
}
