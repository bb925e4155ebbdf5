/**
 * The proxy port: the data plane that outlives the companion.
 *
 * Semantics that every implementation keeps and `conformance.ts` checks:
 * - The table is the whole truth. `apply` brings the proxy from whatever it serves to this table; when it returns,
 *   every worker answers by it. No reload: requests under way and open WebSockets are not touched.
 * - What was applied is on disk before `apply` returns; the proxy starts cold from it without the companion, and a
 *   damaged file costs at most the damaged part and is reported by `status`.
 * - One app's bad entry never breaks another's: entries are validated one by one, bad ones are refused by name.
 */

export interface ProxyTarget {
  /** `address:port`. */
  address: string;
  /** Share of new requests; 0 drains it. */
  weight: number;
  /** Version of the release behind it, for the counters. */
  release: number;
}

export interface ProxyRoute {
  /** Lower-case ASCII name, or `*.name` for a wildcard. */
  host: string;
  /** Prefix, starts and ends at a segment: `/` or `/api`. */
  path: string;
  app: string;
  targets: ProxyTarget[];
  maxBodyBytes: number;
  /** Longest silence from the app, milliseconds; WebSockets are exempt. */
  timeoutMs: number;
  /** `redirect`: http answers 308 to https. `off`: http is served as it is. Ignored while the host has no certificate. */
  tls: 'redirect' | 'off';
}

export interface ProxyCertificate {
  /** Host or `*.name` that it is for. */
  host: string;
  /** Leaf first. */
  certificatePem: string;
  keyPem: string;
}

/** Answer to `GET /.well-known/acme-challenge/<token>` on a host. */
export interface ProxyChallenge {
  token: string;
  keyAuthorization: string;
}

export interface ProxyTable {
  routes: ProxyRoute[];
  certificates: ProxyCertificate[];
  challenges: ProxyChallenge[];
}

export interface ProxyStatus {
  running: boolean;
  /** Hash of the table that it serves; equals `tableHash(table)` of what was applied last. */
  hash: string;
  routes: number;
  certificates: number;
  workers: number;
  /** What was wrong with the state on disk at the last cold start, or with refused entries. */
  warnings: string[];
  detail: string;
}

/** Upper bounds of the latency histogram, milliseconds. */
export const latencyBucketsMs = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const;

/** Totals since the proxy started, per app and release. */
export interface ProxyCounter {
  app: string;
  release: number;
  requests: number;
  /** Answers of 500 and above, and connections that failed. */
  errors: number;
  /** Sum of times to the first byte from the app; of answers that ended within 5 ms, to their end. */
  upstreamMs: number;
  /** Requests and WebSockets under way now: what a drain waits for. */
  active: number;
  /** How many first bytes came within each of `latencyBucketsMs`, and last how many came later. */
  latency: number[];
}

/** Totals since the proxy started, per route over all releases; routes that nobody asked for yet are left out. */
export type ProxyRouteCounter = Pick<ProxyCounter, 'app' | 'requests' | 'errors' | 'latency'> & {
  host: string;
  path: string;
};

/**
 * One GET through the listening port as a visitor's would go (TLS with SNI where the host has a certificate), sent to
 * one target of the route however it is weighted. Proves that this replica answers through the proxy.
 */
export interface ProxyProbe {
  host: string;
  path: string;
  /** `address:port` of the target; the proxy chooses when it is not given. */
  address?: string;
  timeoutMs: number;
}
export interface ProxyProbeAnswer {
  /** 0 when no answer came. */
  status: number;
  /** Target that answered, as the proxy saw it. */
  address: string;
  /** True when the answer is the proxy's own (502, 503, 504, 421), not the app's. */
  fromProxy: boolean;
  /** Why there was no answer. */
  error: string;
}

export interface Proxy {
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Starts the data plane if it does not run, replaces it if its image or settings changed. `port_taken` when it can't listen. */
  ensure(options?: { signal?: AbortSignal }): Promise<void>;
  apply(table: ProxyTable, options?: { signal?: AbortSignal }): Promise<{ refused: { host: string; why: string }[] }>;
  status(options?: { signal?: AbortSignal }): Promise<ProxyStatus>;
  /**
   * Never throws for what the app or the proxy answers. A target is chosen by a header that only this installation
   * knows (a random value made with the configuration); the proxy strips it before the app sees it.
   */
  probe(probe: ProxyProbe, options?: { signal?: AbortSignal }): Promise<ProxyProbeAnswer>;
  counters(options?: { signal?: AbortSignal }): Promise<ProxyCounter[]>;
  routeCounters(options?: { signal?: AbortSignal }): Promise<ProxyRouteCounter[]>;
  /** Only at uninstall and in tests: ends the data plane. */
  remove(options?: { signal?: AbortSignal }): Promise<void>;
}
