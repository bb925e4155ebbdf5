/** Collects findings in offsets and turns them into diagnostics in lines and columns. */
import type { Diagnostic, Fix, Severity } from './model.ts';
import { formatPath, type Path } from './path.ts';
import { firstLine, type LineIndex, type Span, spanRange } from './source.ts';

/** Edits by offset; becomes a `Fix`. */
export interface SpanFix {
  title: string;
  edits: { span: Span; newText: string }[];
}

export interface Finding {
  code: string;
  severity?: Severity;
  message: string;
  span: Span;
  path: Path;
  related?: { message: string; span: Span }[];
  /** Places in files beside the manifest. */
  elsewhere?: Diagnostic['related'];
  fix?: SpanFix;
}

/** More than this many are not shown: nobody reads them, and a hostile file must not cost minutes. */
export const maxDiagnostics = 200;

/** Findings as diagnostics, in the order of the text, without repetitions, at most `maxDiagnostics`. */
export function toDiagnostics(text: string, index: LineIndex, findings: readonly Finding[]): Diagnostic[] {
  const sorted = [...findings].sort((a, b) => a.span[0] - b.span[0] || a.span[1] - b.span[1]);
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<string>();
  for (const finding of sorted) {
    const key = `${finding.code} ${finding.span[0]} ${finding.span[1]} ${finding.message}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (diagnostics.length === maxDiagnostics) {
      diagnostics.push({
        code: 'manifest/more',
        severity: 'error',
        message: `There is more wrong than is shown; mend the first ${maxDiagnostics} places and look again.`,
        range: spanRange(index, firstLine(text, finding.span)),
        path: '',
      });
      break;
    }
    diagnostics.push(toDiagnostic(text, index, finding));
  }
  return diagnostics;
}

function toDiagnostic(text: string, index: LineIndex, finding: Finding): Diagnostic {
  const diagnostic: Diagnostic = {
    code: finding.code,
    severity: finding.severity ?? 'error',
    message: finding.message,
    range: spanRange(index, firstLine(text, finding.span)),
    path: formatPath(finding.path),
  };
  if (finding.related || finding.elsewhere) {
    const here = (finding.related ?? []).map(({ message, span }) => ({
      message,
      range: spanRange(index, firstLine(text, span)),
    }));
    diagnostic.related = [...here, ...(finding.elsewhere ?? [])];
  }
  if (finding.fix) diagnostic.fix = toFix(index, finding.fix);
  return diagnostic;
}

function toFix(index: LineIndex, fix: SpanFix): Fix {
  return {
    title: fix.title,
    edits: fix.edits.map(({ span, newText }) => ({ range: spanRange(index, span), newText })),
  };
}
