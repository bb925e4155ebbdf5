import { randomUUID } from 'node:crypto';
import { type Event, EventEmitter, type Memento } from 'vscode';
import type { Server } from './server.ts';
import type { TokenStore } from './token-store.ts';

/** The servers that the person added. Names and addresses live in the editor's state, tokens in its secret storage. */
export interface ServerList {
  readonly onDidChange: Event<void>;
  all(): readonly Server[];
  find(id: string): Server | undefined;
  add(server: Omit<Server, 'id'>, token: string): Promise<{ server: Server; token: 'kept' | 'session' }>;
  update(id: string, change: Partial<Omit<Server, 'id'>>): Promise<void>;
  remove(id: string): Promise<void>;
  dispose(): void;
}

const stateKey = 'servers';

export function createServerList(state: Memento, tokens: TokenStore): ServerList {
  const changed = new EventEmitter<void>();
  // Held here and not read back: right after a write the editor's state may show an older one for a moment.
  let servers: readonly Server[] = state.get<Server[]>(stateKey, []);
  const save = async (next: readonly Server[]): Promise<void> => {
    servers = next;
    changed.fire();
    await state.update(stateKey, next);
  };
  return {
    onDidChange: changed.event,
    all: () => servers,
    find: (id) => servers.find((server) => server.id === id),
    async add(server, token) {
      const added = { id: randomUUID(), ...server };
      const kept = await tokens.set(added.id, token);
      await save([...servers, added]);
      return { server: added, token: kept };
    },
    update: (id, change) => save(servers.map((server) => (server.id === id ? { ...server, ...change } : server))),
    async remove(id) {
      await tokens.delete(id);
      await save(servers.filter((server) => server.id !== id));
    },
    dispose: () => changed.dispose(),
  };
}
