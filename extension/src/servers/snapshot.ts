/** What is known about a server, and how its events change that. Pure: the tree shows it, the connection keeps it. */
import type { AppDetail, AppState, AppSummary } from 'minicloud-shared/model/app';
import type { ConfigEntry } from 'minicloud-shared/model/config';
import type { Event } from 'minicloud-shared/model/event';
import type { Operation } from 'minicloud-shared/model/operation';
import type { ProposalSummary } from 'minicloud-shared/model/proposal';
import type { Release } from 'minicloud-shared/model/release';
import type { SystemInfo } from 'minicloud-shared/model/system';

/** What an app that somebody looks into was asked for. */
export interface Detail extends AppDetail {
  /** Its config vars and secrets, without their values; absent where the server has none. */
  entries?: readonly ConfigEntry[];
}

export interface Snapshot {
  info?: SystemInfo;
  /** Sorted by name; undefined until the server told. */
  apps?: readonly AppSummary[];
  /** Newest first, for the apps somebody looked into. */
  releases: ReadonlyMap<string, readonly Release[]>;
  /** What only the apps somebody looked into were asked for. */
  details: ReadonlyMap<string, Detail>;
  /** The latest operation of every app that an event told about. */
  operations: ReadonlyMap<string, Operation>;
  /** Versions of config vars and secrets, of the apps that an event told about. */
  configs?: ReadonlyMap<string, number>;
  /** Open plans of others, newest first; none where the server knows no proposals. */
  proposals: readonly ProposalSummary[];
  /** Milliseconds since the epoch by this machine's clock: when the apps were last true. */
  asOf?: number;
}

export const emptySnapshot: Snapshot = {
  releases: new Map(),
  details: new Map(),
  operations: new Map(),
  proposals: [],
};

export interface Applied {
  snapshot: Snapshot;
  /** The event says that something changed and not to what: ask the server for its apps again. */
  stale: boolean;
}

/** The app that an event is about, where it is about one. */
export function appOf({ app, body }: Event): string | undefined {
  if (app !== undefined) return app;
  if (body.kind === 'app.changed') return body.name;
  if (body.kind === 'release.changed') return body.release.app;
  return body.kind === 'operation.changed' ? body.operation.app : undefined;
}

export function applyEvent(before: Snapshot, event: Event): Applied {
  const snapshot: Snapshot = { ...before };
  const { body } = event;
  switch (body.kind) {
    case 'app.changed':
    case 'replica.changed':
    case 'server.changed':
    case 'proposal.changed':
      return { snapshot, stale: true };
    case 'config.changed': {
      const configs = event.app === undefined ? before.configs : withEntry(before.configs, event.app, body.version);
      return { snapshot: { ...snapshot, ...(configs && { configs }) }, stale: true };
    }
    case 'app.deleted':
      return {
        snapshot: {
          ...snapshot,
          apps: before.apps?.filter(({ name }) => name !== body.name),
          releases: without(before.releases, body.name),
          details: without(before.details, body.name),
          operations: without(before.operations, body.name),
        },
        stale: false,
      };
    case 'release.changed': {
      const known = before.releases.get(body.release.app);
      if (!known) return { snapshot, stale: true };
      const rest = known.filter(({ version }) => version !== body.release.version);
      const releases = [body.release, ...rest].sort((a, b) => b.version - a.version);
      return {
        snapshot: { ...snapshot, releases: withEntry(before.releases, body.release.app, releases) },
        stale: true,
      };
    }
    case 'operation.changed': {
      const operations = withEntry(before.operations, body.operation.app, body.operation);
      return { snapshot: { ...snapshot, operations }, stale: !sameState(before.operations, body.operation) };
    }
    // Events of a newer server change nothing here that could be shown.
    default:
      return { snapshot, stale: false };
  }
}

/** Apps that a person should look at: the number on the view's badge. */
export function failingApps(snapshot: Snapshot): readonly AppSummary[] {
  return (snapshot.apps ?? []).filter(({ state }) => failing[state]);
}

const failing: Record<AppState, boolean> = {
  created: false,
  deploying: false,
  running: false,
  degraded: true,
  failed: true,
  stopped: false,
  deleting: false,
};

export function sortApps(apps: readonly AppSummary[]): readonly AppSummary[] {
  return [...apps].sort((a, b) => a.name.localeCompare(b.name));
}

/** Progress inside a step changes nothing about the app; its beginning and its end do. */
function sameState(operations: Snapshot['operations'], operation: Operation): boolean {
  const known = operations.get(operation.app);
  return known?.id === operation.id && known.state === operation.state;
}

function withEntry<V>(map: ReadonlyMap<string, V> | undefined, key: string, value: V): ReadonlyMap<string, V> {
  return new Map(map).set(key, value);
}

function without<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}
