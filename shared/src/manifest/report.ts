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
  /** Of a version: it is one that is still to come. */
  newer?: boolean;
}

/** More than this many are not shown: nobody reads them, and a hostile file must not cost minutes. */
export const maxDiagnostics = 200;

/** What is one mistake however often it was made: a file of another kind, or of a program that writes so. */
const kinds: Readonly<Record<string, (finding: Finding) => string>> = {
  'manifest/anchor': () => 'reference',
  'manifest/alias': () => 'reference',
  'manifest/tag': () => 'tag',
  'manifest/character': () => 'character',
  'manifest/syntax': ({ message }) => message,
};
/** As often a person may want to see each of its places. */
const mostAlike = 10;

/** Findings, of which those that are one mistake made many times are told once, with their number. */
export function gathered(findings: readonly Finding[]): Finding[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const kind = kinds[finding.code]?.(finding);
    if (kind === undefined) continue;
    const group = groups.get(kind);
    if (group) group.push(finding);
    else groups.set(kind, [finding]);
  }
  const many = [...groups.values()].filter(({ length }) => length > mostAlike);
  if (many.length === 0) return [...findings];
  const left = new Set(many.flat());
  const told = many.map((group): Finding => {
    const first = group.reduce((before, each) => (each.span[0] < before.span[0] ? each : before));
    const { fix: _, ...rest } = first;
    return { ...rest, message: `${first.message} There are ${group.length - 1} more like it.` };
  });
  return [...findings.filter((finding) => !left.has(finding)), ...told];
}

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
