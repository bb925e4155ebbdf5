/** Findings without those that a comment puts to rest, and with a hint for each comment that does nothing. */
import { catalogue, isOpinion } from './catalogue.ts';
import type { Finding } from './report.ts';
import { type LineIndex, positionAt, type Span } from './source.ts';
import { closest } from './suggest.ts';
import { concerns, isSuppressed, type Suppression } from './suppress.ts';

/** What is left of the findings, with a hint for each suppression that has no effect or names no rule. */
export function applySuppressions(
  findings: readonly Finding[],
  suppressions: readonly Suppression[],
  lines: LineIndex,
): Finding[] {
  if (suppressions.length === 0) return [...findings];
  const lineOf = ({ span }: Finding): number => positionAt(lines, span[0]).line;
  const opinions = findings.filter((finding) => (finding.severity ?? 'error') !== 'error');
  const kept = findings.filter(
    (finding) =>
      !isSuppressed(suppressions, {
        code: finding.code,
        line: lineOf(finding),
        opinion: (finding.severity ?? 'error') !== 'error',
      }),
  );
  const idle = (suppression: Suppression, code?: string): boolean =>
    !opinions.some((finding) =>
      code === undefined
        ? concerns(suppression, finding.code, lineOf(finding))
        : finding.code === code && lineOf(finding) === suppression.line,
    );
  const hints = suppressions.flatMap((suppression): Finding[] => {
    if (suppression.codes.length === 0) {
      return idle(suppression) ? [unused(suppression.span, 'there is nothing to leave unsaid on the next line')] : [];
    }
    return suppression.codes.flatMap(({ code, span }): Finding[] => {
      const known = catalogue.find((rule) => rule.code === code);
      if (!known) return [unknown(code, span)];
      if (!isOpinion(code)) return [unused(span, `${code} is an error, which the server refuses whatever stands here`)];
      // What only the server or the sources can tell may come later.
      return known.seen === 'text' && idle(suppression, code)
        ? [unused(span, `the next line gives no cause for ${code}`)]
        : [];
    });
  });
  return [...kept, ...hints];
}

function unused(span: Span, why: string): Finding {
  const message = `This has no effect: ${why}; remove it.`;
  return { code: 'manifest/suppression-unused', severity: 'hint', message, span, path: [] };
}

function unknown(code: string, span: Span): Finding {
  const opinions = catalogue.map((rule) => rule.code).filter(isOpinion);
  const meant = closest(code, opinions) ?? opinions.find((known) => known === `manifest/${code}`);
  const advice = meant === undefined ? 'remove it' : `did you mean ${meant}?`;
  return {
    code: 'manifest/suppression-unknown',
    severity: 'hint',
    message: `There is no rule ${code.length > 60 ? `${code.slice(0, 60)}…` : code}; ${advice}${meant === undefined ? '.' : ''}`,
    span,
    path: [],
    ...(meant === undefined ? {} : { fix: { title: `Change to ${meant}`, edits: [{ span, newText: meant }] } }),
  };
}
