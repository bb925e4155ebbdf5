import type { Diagnostic } from 'minicloud-shared/manifest/model';
import { diagnose } from '../service/diagnose.ts';
import type { OpenManifest } from './documents.ts';

/** What is wrong with an open manifest. In a file of another language YAML's own errors are left to its server. */
export function diagnosticsOf({ parsed, facts, text, settings }: OpenManifest): Diagnostic[] {
  const syntax = !(settings.otherYaml && text.languageId !== 'cloud-manifest');
  return diagnose(parsed, { ...(facts ? { facts } : {}), syntax });
}
