/** The backing in memory: what `--engine memory` and tests use. Databases hold rows of text, enough to tell them apart. */
import { ProblemError } from 'minicloud-shared/model/problem';
import type { Backing } from './contract.ts';
import { checkedName, grantUrl } from './grant.ts';

export interface MemoryBacking extends Backing {
  /** What a client with these credentials could do; throws `forbidden` when it would not be let in. */
  login(
    name: string,
    password: string,
  ): { databases(): string[]; write(database: string, row: string): void; read(database: string): string[] };
}

export function createMemoryBacking(
  options: { container?: string; onEnsure?: () => Promise<void>; replaces?: () => boolean } = {},
): MemoryBacking {
  const databases = new Map<string, string[]>();
  const users = new Map<string, string>();
  let running = false;
  let made = false;

  const demandRunning = () => {
    if (!running) throw refused('service_failed', 'mariadb', 'It does not run.', 'Start it.');
  };

  return {
    kind: 'mariadb',
    alias: 'mariadb',
    port: 3306,
    connectionsPerApp: 60,
    container: options.container ?? 'minicloud-mariadb-memory',

    async ensure({ signal }) {
      signal.throwIfAborted();
      made = true;
      await options.onEnsure?.();
      running = true;
    },
    async replaces() {
      return running && (options.replaces?.() ?? false);
    },
    async kept() {
      return made;
    },
    async ready() {
      return running;
    },
    async status() {
      return running ? { state: 'ok', detail: 'answers' } : { state: 'off', detail: 'no app needs it yet' };
    },
    async grant({ name, password }, { signal }) {
      signal.throwIfAborted();
      demandRunning();
      checkedName(name);
      if (!databases.has(name)) databases.set(name, []);
      users.set(name, password);
    },
    url: (grant) => grantUrl('mysql', grant, 'mariadb', 3306),
    async revoke(name) {
      demandRunning();
      users.delete(checkedName(name));
    },
    async destroy(name) {
      demandRunning();
      users.delete(checkedName(name));
      databases.delete(name);
    },

    login(user, password) {
      demandRunning();
      const enter = () => {
        if (users.get(user) !== password)
          throw refused('forbidden', user, 'The password is not right.', 'Use another.');
      };
      const rowsOf = (database: string) => {
        enter();
        const rows = database === user ? databases.get(database) : undefined;
        if (!rows)
          throw refused('forbidden', database, 'It belongs to another user, or is not there.', 'Use your own.');
        return rows;
      };
      enter();
      return {
        databases: () => [...databases.keys()].filter((name) => name === user),
        write: (database, row) => {
          rowsOf(database).push(row);
        },
        read: (database) => [...rowsOf(database)],
      };
    },
  };
}

function refused(code: 'forbidden' | 'service_failed', object: string, why: string, remedy: string): ProblemError {
  return new ProblemError({ code, what: 'The database said no', object: `database ${object}`, why, remedy });
}
