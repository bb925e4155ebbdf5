/** The service's answers in the words of the language server protocol. */
import type { Diagnostic, Severity } from 'minicloud-shared/manifest/model';
import type { DiagnosticSeverity, Diagnostic as LspDiagnostic, Range } from 'vscode-languageserver-protocol';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { OpenManifest } from './documents.ts';
import { diagnosticSeverity } from './numbers.ts';
import { rulePageOf } from './protocol.ts';

const severities: Record<Severity, DiagnosticSeverity> = {
  error: diagnosticSeverity.Error,
  warning: diagnosticSeverity.Warning,
  information: diagnosticSeverity.Information,
  hint: diagnosticSeverity.Hint,
};

export function toLspDiagnostic(
  diagnostic: Diagnostic,
  { uri, settings }: Pick<OpenManifest, 'uri' | 'settings'>,
): LspDiagnostic {
  const related = diagnostic.related?.map(({ message, range, file }) => ({
    message,
    location: { uri: file === undefined ? uri : besideUri(uri, file), range },
  }));
  return {
    source: 'minicloud',
    code: diagnostic.code,
    severity: severities[diagnostic.severity],
    message: diagnostic.message,
    range: diagnostic.range,
    ...(settings.commands ? { codeDescription: { href: rulePageOf(diagnostic.code) } } : {}),
    ...(related ? { relatedInformation: related } : {}),
  };
}

/** A file by its path from the folder of a manifest. */
function besideUri(uri: string, file: string): string {
  return uri.slice(0, uri.lastIndexOf('/') + 1) + file.split('/').map(encodeURIComponent).join('/');
}

export function rangeOf(text: TextDocument, [start, end]: readonly [start: number, end: number]): Range {
  return { start: text.positionAt(start), end: text.positionAt(end) };
}
