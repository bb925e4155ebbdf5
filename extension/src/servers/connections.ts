import { type Disposable, EventEmitter, type Memento, type Event as VscodeEvent } from 'vscode';
import { type Api, connectApi, tokenOf } from './api.ts';
import { type Connection, createConnection } from './connection.ts';
import type { Server } from './server.ts';
import type { ServerList } from './server-list.ts';
import { emptySnapshot, type Snapshot } from './snapshot.ts';
import { sourceOf } from './source.ts';
import type { TokenStore } from './token-store.ts';

export interface LiveServer {
  readonly server: Server;
  readonly api: Api;
  readonly connection: Connection;
}

/** A connection for every server that the person added. None is open until somebody holds it. */
export interface Connections extends Disposable {
  readonly onDidChange: VscodeEvent<LiveServer | undefined>;
  all(): LiveServer[];
  get(serverId: string): LiveServer | undefined;
  /** Keeps all event streams open, those of servers added later too, until the answer is called. */
  holdAll(): () => void;
}

interface Entry extends LiveServer {
  /** As it was when the connection was made. */
  readonly opened: Server;
  end(): void;
}

export function createConnections(list: ServerList, tokens: TokenStore, state: Memento): Connections {
  const changed = new EventEmitter<LiveServer | undefined>();
  const entries = new Map<string, Entry>();
  const holders = new Set<Map<string, () => void>>();

  function open(server: Server): Entry {
    const name = (): string => list.find(server.id)?.name ?? server.name;
    const api = connectApi(server, tokenOf(server, tokens));
    const memory = rememberIn(state, server.id);
    const connection = createConnection({ source: sourceOf(api), name, remembered: memory.recall() });
    const entry: Entry = {
      get server() {
        return list.find(server.id) ?? server;
      },
      opened: server,
      api,
      connection,
      end() {
        unfollow();
        connection.dispose();
      },
    };
    const unfollow = connection.onDidChange(() => {
      if (connection.link.state === 'online') memory.keep(connection.snapshot);
      changed.fire(entry);
    });
    return entry;
  }

  function reconcile(): void {
    const wanted = new Map(list.all().map((server) => [server.id, server]));
    for (const [id, entry] of entries) {
      const server = wanted.get(id);
      if (server && server.url === entry.opened.url && server.ca === entry.opened.ca) continue;
      entry.end();
      entries.delete(id);
      for (const held of holders) held.delete(id);
      if (!server) void rememberIn(state, id).forget();
    }
    for (const [id, server] of wanted) {
      if (!entries.has(id)) entries.set(id, open(server));
      for (const held of holders) if (!held.has(id)) held.set(id, entries.get(id)?.connection.hold() ?? (() => {}));
    }
    changed.fire(undefined);
  }

  const subscription = list.onDidChange(reconcile);
  reconcile();
  return {
    onDidChange: changed.event,
    all: () => list.all().flatMap(({ id }) => entries.get(id) ?? []),
    get: (serverId) => entries.get(serverId),
    holdAll() {
      const held = new Map([...entries].map(([id, { connection }]) => [id, connection.hold()]));
      holders.add(held);
      return () => {
        holders.delete(held);
        for (const release of held.values()) release();
      };
    },
    dispose() {
      subscription.dispose();
      for (const entry of entries.values()) entry.end();
      entries.clear();
      changed.dispose();
    },
  };
}

interface Memory {
  recall(): Snapshot;
  keep(snapshot: Snapshot): void;
  forget(): Thenable<void>;
}

/** The apps as they were last seen, for the time when the server is away. No releases, no operations: they age badly. */
function rememberIn(state: Memento, serverId: string): Memory {
  const key = `seen:${serverId}`;
  let kept: Snapshot['apps'];
  return {
    recall: () => ({ ...emptySnapshot, ...state.get<Pick<Snapshot, 'apps' | 'info' | 'asOf'>>(key) }),
    keep({ apps, info, asOf }) {
      if (apps === kept) return;
      kept = apps;
      void state.update(key, { apps, info, asOf });
    },
    forget: () => state.update(key, undefined),
  };
}
