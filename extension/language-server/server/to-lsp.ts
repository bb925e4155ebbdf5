/** The service's answers in the words of the language server protocol. */
import type { Diagnostic, Severity } from 'minicloud-shared/manifest/model';
import type {
  CodeAction,
  DiagnosticSeverity,
  Diagnostic as LspDiagnostic,
  Range,
} from 'vscode-languageserver-protocol';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { diagnosticSeverity } from './numbers.ts';

const severities: Record<Severity, DiagnosticSeverity> = {
  error: diagnosticSeverity.Error,
  warning: diagnosticSeverity.Warning,
  information: diagnosticSeverity.Information,
  hint: diagnosticSeverity.Hint,
};

export function toLspDiagnostic(diagnostic: Diagnostic, uri: string): LspDiagnostic {
  const related = diagnostic.related?.map(({ message, range }) => ({ message, location: { uri, range } }));
  return {
    source: 'minicloud',
    code: diagnostic.code,
    severity: severities[diagnostic.severity],
    message: diagnostic.message,
    range: diagnostic.range,
    ...(related ? { relatedInformation: related } : {}),
  };
}

/** Fixes of the diagnostics that touch the range, as quick fixes of the document. */
export function toCodeActions(diagnostics: readonly Diagnostic[], range: Range, uri: string): CodeAction[] {
  return diagnostics
    .filter((diagnostic) => touches(diagnostic.range, range))
    .flatMap((diagnostic) => {
      if (!diagnostic.fix) return [];
      const { title, edits } = diagnostic.fix;
      return [
        {
          title,
          kind: 'quickfix',
          diagnostics: [toLspDiagnostic(diagnostic, uri)],
          isPreferred: true,
          edit: { changes: { [uri]: edits } },
        },
      ];
    });
}

export function rangeOf(text: TextDocument, [start, end]: readonly [start: number, end: number]): Range {
  return { start: text.positionAt(start), end: text.positionAt(end) };
}

function touches(a: Range, b: Range): boolean {
  return !isBefore(a.end, b.start) && !isBefore(b.end, a.start);
}

function isBefore(a: Range['start'], b: Range['start']): boolean {
  return a.line < b.line || (a.line === b.line && a.character < b.character);
}
