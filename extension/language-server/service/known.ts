/** What is known about a manifest beyond its text. All of it may be missing: not known is never taken for not there. */
import type { ServerFacts, SourceReads } from 'minicloud-shared/manifest/model';
import type { AppState } from 'minicloud-shared/model/app';

export interface Known {
  facts?: ServerFacts;
  /** What the person calls the server that the facts are of. */
  server?: string;
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
  /** Processes and support containers; absent until somebody asked for them. */
  processes?: readonly LiveProcess[];
}

export interface LiveProcess {
  name: string;
  kind: 'process' | 'support';
  /** As many as the release wants. */
  count: number;
  healthy: number;
  /** What its replicas used when last measured, in words such as `64 MB`, and `3 %` where 100 % is one core. */
  memory?: Usage;
  cpu?: Usage;
}

export interface Usage {
  replicas: number;
  all: string;
  /** Of the replica that uses most. */
  most: string;
}

export interface LiveCertificate {
  domain: string;
  state: string;
  issuer?: string;
  /** Milliseconds since the epoch. */
  notAfter?: number;
}
