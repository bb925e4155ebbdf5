/**
 * `# minicloud-disable-next-line CODE[, CODE] [-- why]`: what a person decided not to be told of one line. Opinions can
 * be put to rest so; what the server would refuse can't, for the comment would not help it.
 */
import { type LineIndex, lineText, positionAt, type Span } from './source.ts';

export interface Comment {
  /** From `#` to the end of the line. */
  text: string;
  span: Span;
}

export interface Suppression {
  /** Opinions by code with their places in the text; none means all. */
  codes: { code: string; span: Span }[];
  span: Span;
  /** The line that it is about, zero-based: the next with something on it. */
  line: number;
}

export const suppressionWord = 'minicloud-disable-next-line';
const directive = new RegExp(`^#\\s*${suppressionWord}(?![\\w-])(.*?)(?:\\s--\\s.*)?$`);

/** The suppressions among the comments of a text. */
export function readSuppressions(comments: readonly Comment[], text: string, lines: LineIndex): Suppression[] {
  return comments.flatMap((comment): Suppression[] => {
    const list = directive.exec(comment.text)?.[1];
    if (list === undefined) return [];
    const from = comment.span[0] + comment.text.indexOf(suppressionWord) + suppressionWord.length;
    const codes = [...list.matchAll(/[^\s,]+/g)].map((match): { code: string; span: Span } => {
      const start = from + match.index;
      return { code: match[0], span: [start, start + match[0].length] };
    });
    let line = positionAt(lines, comment.span[0]).line + 1;
    while (line < lines.starts.length - 1 && /^\s*(#|$)/.test(lineText(text, lines, line))) line++;
    return [{ codes, span: comment.span, line }];
  });
}

/** True when one of the suppressions is about this finding. */
export function isSuppressed(
  suppressions: readonly Suppression[],
  { code, line, opinion }: { code: string; line: number; opinion: boolean },
): boolean {
  return opinion && suppressions.some((suppression) => concerns(suppression, code, line));
}

export function concerns({ codes, line: aim }: Suppression, code: string, line: number): boolean {
  return aim === line && (codes.length === 0 || codes.some((each) => each.code === code));
}
