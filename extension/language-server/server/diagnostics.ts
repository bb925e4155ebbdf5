import type { Diagnostic } from 'minicloud-shared/manifest/model';
import { diagnose } from '../service/diagnose.ts';
import type { FixOptions } from '../service/fix.ts';
import { fileNameOf, type OpenManifest } from './documents.ts';

/** What is wrong with an open manifest, told as its person wants it told. */
export function diagnosticsOf(open: OpenManifest): Diagnostic[] {
  return diagnose(open.parsed, diagnoseOptions(open));
}

/** In a file of another language YAML's own errors are left to its server. */
export function diagnoseOptions({ uri, known, text, settings }: OpenManifest): FixOptions {
  const syntax = !(settings.otherYaml && text.languageId !== 'cloud-manifest');
  const { facts, sources } = known;
  return {
    ...(facts ? { facts } : {}),
    ...(sources ? { sources } : {}),
    syntax,
    severity: settings.severity,
    fileName: fileNameOf(uri),
  };
}
