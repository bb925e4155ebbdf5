import { isOpinion } from 'minicloud-shared/manifest/catalogue';
import type { Diagnostic, ServerFacts, Severity, SourceReads } from 'minicloud-shared/manifest/model';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { checkAgainstServer } from 'minicloud-shared/manifest/server-rules';
import { checkAgainstSource } from 'minicloud-shared/manifest/source-rules';

export interface DiagnoseOptions {
  facts?: ServerFacts;
  /** What the source of the app reads; without it nothing is said about that. */
  sources?: SourceReads;
  /** False leaves errors of YAML itself to another YAML server that looks at the same file. */
  syntax?: boolean;
  /** How loudly each code is told. `off` is for opinions: what the server will refuse is told in some way. */
  severity?: Readonly<Record<string, Severity | 'off'>>;
}

/**
 * Everything wrong with a manifest, by the rules that the server runs too. Rules about the server run only with its
 * facts; whoever has them takes them back when they may have aged, for not known is never reported as wrong.
 */
export function diagnose(document: ManifestDocument, options: DiagnoseOptions = {}): Diagnostic[] {
  const { severity = {}, facts, sources } = options;
  const all = [
    ...document.diagnostics,
    ...checkAgainstServer(document, facts),
    ...checkAgainstSource(document, sources, facts),
  ];
  return all.flatMap((diagnostic): Diagnostic[] => {
    if (options.syntax === false && diagnostic.code === 'manifest/syntax') return [];
    const wanted = severity[diagnostic.code];
    if (wanted === undefined) return [diagnostic];
    if (wanted !== 'off') return [{ ...diagnostic, severity: wanted }];
    return isOpinion(diagnostic.code) ? [] : [diagnostic];
  });
}
