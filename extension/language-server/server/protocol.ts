/** What the extension and its language server say to each other beyond the language server protocol. */
import type { ServerFacts } from 'minicloud-shared/manifest/model';

export type { ManifestSummary } from '../service/summary.ts';

/** Client to server. Facts of the server that a manifest would be deployed to; none silence the rules that need them. */
export const factsMethod = 'minicloud/facts';
export interface FactsParams {
  uri: string;
  facts: ServerFacts | null;
}

/** Client to server. Answers a `ManifestSummary`, or null for a document that is not open. */
export const summaryMethod = 'minicloud/summary';
export interface SummaryParams {
  uri: string;
}

export interface InitializationOptions {
  /** Another YAML server is active: errors of YAML itself are its business in files of its language. */
  otherYaml?: boolean;
}
