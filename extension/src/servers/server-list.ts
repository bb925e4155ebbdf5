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
  const all = (): readonly Server[] => state.get<Server[]>(stateKey, []);
  const save = async (servers: readonly Server[]): Promise<void> => {
    await state.update(stateKey, servers);
    changed.fire();
  };
  return {
    onDidChange: changed.event,
    all,
    find: (id) => all().find((server) => server.id === id),
    async add(server, token) {
      const added = { id: randomUUID(), ...server };
      const kept = await tokens.set(added.id, token);
      await save([...all(), added]);
      return { server: added, token: kept };
    },
    update: (id, change) => save(all().map((server) => (server.id === id ? { ...server, ...change } : server))),
    async remove(id) {
      await tokens.delete(id);
      await save(all().filter((server) => server.id !== id));
    },
    dispose: () => changed.dispose(),
  };
}
