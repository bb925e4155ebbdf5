import type { Diagnostic, ServerFacts } from 'minicloud-shared/manifest/model';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { checkAgainstServer } from 'minicloud-shared/manifest/server-rules';

/**
 * Everything wrong with a manifest, by the rules that the server runs too. Rules about the server run only with its
 * facts; whoever has them takes them back when they may have aged, for not known is never reported as wrong.
 *
 * `syntax: false` leaves errors of YAML itself to another YAML server that looks at the same file.
 */
export function diagnose(
  document: ManifestDocument,
  options: { facts?: ServerFacts; syntax?: boolean } = {},
): Diagnostic[] {
  const all = [...document.diagnostics, ...checkAgainstServer(document, options.facts)];
  return options.syntax === false ? all.filter(({ code }) => code !== 'manifest/syntax') : all;
}
