import type { Diagnostic } from 'minicloud-shared/manifest/model';
import { diagnose } from '../service/diagnose.ts';
import type { FixOptions } from '../service/fix.ts';
import { fileNameOf, type OpenManifest } from './documents.ts';

/** What is wrong with an open manifest, told as its person wants it told. */
export function diagnosticsOf(open: OpenManifest): Diagnostic[] {
  return diagnose(open.parsed, { ...fixOptions(open), severity: open.settings.severity });
}

/** The same for whoever has to know what the server will refuse, however loudly it is told. */
export function plainDiagnosticsOf(open: OpenManifest): Diagnostic[] {
  return diagnose(open.parsed, fixOptions(open));
}

/**
 * What a fix is judged by: rules as bad as they are, whatever is set, but for those that are off. In a file of another
 * language YAML's own errors are left to its server.
 */
export function fixOptions({ uri, known, text, settings }: OpenManifest): FixOptions {
  const syntax = !(settings.otherYaml && text.languageId !== 'cloud-manifest');
  const { facts, sources } = known;
  return {
    ...(facts ? { facts } : {}),
    ...(sources ? { sources } : {}),
    syntax,
    severity: Object.fromEntries(Object.entries(settings.severity).filter(([, told]) => told === 'off')),
    fileName: fileNameOf(uri),
  };
}
