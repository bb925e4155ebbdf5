/** What the extension and its language server say to each other beyond the language server protocol. */
import type { Diagnostic, Fix, ServerFacts, SourceReads } from 'minicloud-shared/manifest/model';
import type { LiveApp } from '../service/known.ts';

export type { LiveApp, LiveProcess } from '../service/known.ts';
export type { ManifestSummary } from '../service/summary.ts';

/** Client to server. Facts of the server that a manifest would be deployed to; none silence the rules that need them. */
export const factsMethod = 'minicloud/facts';
export interface FactsParams {
  uri: string;
  facts: ServerFacts | null;
  /** What the person calls that server. */
  server?: string;
}

/** Client to server. The app of a manifest as the server runs it, for hovers and completion; null when it is not known. */
export const liveMethod = 'minicloud/live';
export interface LiveParams {
  uri: string;
  live: LiveApp | null;
}

/** Client to server. Files below the folder of a manifest, relative to it, at most `maxFiles` of them. */
export const filesMethod = 'minicloud/files';
export const maxFiles = 2000;
export interface FilesParams {
  uri: string;
  files: string[];
}

/** Client to server. What the source around a manifest reads; null when it is not known. */
export const sourcesMethod = 'minicloud/sources';
export interface SourcesParams {
  uri: string;
  sources: SourceReads | null;
}

/** Client to server. What a server said about the manifest as it is now and the editor shows; told for its quick fixes. */
export const toldMethod = 'minicloud/told';
export interface ToldParams {
  uri: string;
  diagnostics: Diagnostic[];
}
/** Who says so, in the list of problems. */
export const toldSource = 'minicloud server';

/** Names the pull of diagnostics that are as bad as they are, whatever the settings say. */
export const plainDiagnostics = 'minicloud-plain';

/** Client to server. Answers a `ManifestSummary`, or null for a document that is not open. */
export const summaryMethod = 'minicloud/summary';
export interface SummaryParams {
  uri: string;
}

/** Command of the editor that sets the severity of a code to `off`; its one argument is the code. */
export const disableRuleCommand = 'minicloud.disableRule';

/** Command of the editor that asks for the value of a secret and gives it to the server; its one argument is a `SecretToSet`. */
export const setSecretCommand = 'minicloud.setSecret';
export interface SecretToSet {
  /** Address of the manifest that lists it. */
  manifest: string;
  name: string;
  /** The value stands under `env` of this version of the manifest. Once the server has it these edits move the name. */
  moved?: { version: number; edits: Fix['edits'] };
}

/** Client to server. Answers the value of a variable under `env`, or null where none stands; it is in no action and no log. */
export const envValueMethod = 'minicloud/envValue';
export interface EnvValueParams {
  uri: string;
  name: string;
}

/** Command of the editor that shows a page of the documentation; its one argument is `keys/KEY` or `rules/RULE`. */
export const showDocumentationCommand = 'minicloud.showDocumentation';

/** Pages of the keys, and of the rules: `minicloud-docs:/rules/port-twice.md` is the page of `manifest/port-twice`. */
export const docsScheme = 'minicloud-docs';
export function rulePageOf(code: string): string {
  return `${docsScheme}:/rules/${code.replace('manifest/', '')}.md`;
}

export interface InitializationOptions {
  /** Another YAML server is active: errors of YAML itself are its business in files of its language. */
  otherYaml?: boolean;
  /** The setting `minicloud.manifest.inlayHints`. */
  inlayHints?: boolean;
  /** The editor has `minicloud.disableRule` and shows pages of `minicloud-docs:`. */
  commands?: boolean;
  /** The setting `minicloud.manifest.severity`: by code `off`, `hint`, `information`, `warning` or `error`. */
  severity?: Record<string, string>;
}
