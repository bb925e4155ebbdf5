/** What is known about a manifest beyond its text. All of it may be missing: not known is never taken for not there. */
import type { ServerFacts, SourceReads } from 'minicloud-shared/manifest/model';
import type { AppState } from 'minicloud-shared/model/app';

export interface Known {
  facts?: ServerFacts;
  live?: LiveApp;
  /** What the source beside the manifest reads. */
  sources?: SourceReads;
  /** Files around the manifest, relative to its folder, with `/` between the parts; bounded by whoever sends them. */
  files?: readonly string[];
}

/** The app of a manifest as it is on the server that the manifest is bound to. Holds names and no values of variables. */
export interface LiveApp {
  /** What the person calls the server. */
  server: string;
  state: AppState;
  /** Version of the release that serves. */
  release?: number;
  image?: string;
  digest?: string;
  urls: readonly string[];
  certificates?: readonly LiveCertificate[];
}

export interface LiveCertificate {
  domain: string;
  state: string;
  issuer?: string;
  /** Milliseconds since the epoch. */
  notAfter?: number;
}
