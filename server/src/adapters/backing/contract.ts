/**
 * The backing port: one shared server of a kind, and each app's own corner of it.
 *
 * Semantics that every implementation keeps and `conformance.ts` checks:
 * - `grant` is idempotent: the same name and password give the same database and user; another password replaces it.
 * - What one grant gives sees nothing of another's, not even names.
 * - `revoke` drops the user and keeps the data; only `destroy` removes data.
 * - The companion gets in however many others are there or try to be.
 */
export interface BackingGrant {
  /** Database and user name: [a-z0-9_]{1,32}. */
  name: string;
  password: string;
}

export interface Backing {
  readonly kind: 'mariadb';
  /** Name under which apps reach it in their own network. */
  readonly alias: string;
  readonly port: number;
  /**
   * Most connections that one app may hold, those before login included, so that the server has room for others.
   * The firewall holds this; a grant has a limit of its own besides, after login.
   */
  readonly connectionsPerApp: number;
  /** Container that apps' networks are attached to. */
  readonly container: string;
  /** Starts the server when it does not run and waits until it answers; progress by `onDetail`. */
  ensure(options: { signal: AbortSignal; onDetail?: (detail: string) => void }): Promise<void>;
  /** Whether `ensure` would end the one that runs and start it anew, with newer settings: all who use it would wait. */
  replaces(options: { signal: AbortSignal }): Promise<boolean>;
  grant(grant: BackingGrant, options: { signal: AbortSignal }): Promise<void>;
  /** The URL an app is given. Holds the password: never log it. */
  url(grant: BackingGrant): string;
  revoke(name: string, options: { signal: AbortSignal }): Promise<void>;
  destroy(name: string, options: { signal: AbortSignal }): Promise<void>;
  /** Whether there is such a server, or data of one: if not, there is nothing of any grant. */
  kept(options: { signal: AbortSignal }): Promise<boolean>;
  ready(options: { signal: AbortSignal }): Promise<boolean>;
  /** How it is now, in a sentence part. `off`: it was never started; `starting`: it was a moment ago, and has not failed. */
  status(options: { signal: AbortSignal }): Promise<BackingStatus>;
}

export interface BackingStatus {
  state: 'ok' | 'starting' | 'down' | 'off';
  detail: string;
}
