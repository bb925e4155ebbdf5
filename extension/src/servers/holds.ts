import type { Connection } from './connection.ts';

/** Connections that are held for what is seen now, and let go when it is seen no more. */
export interface Holds {
  /** Holds these and no others. */
  keep(wanted: ReadonlySet<Connection>): void;
}

export function createHolds(): Holds {
  const held = new Map<Connection, () => void>();
  return {
    keep(wanted) {
      for (const [connection, release] of held) {
        if (wanted.has(connection)) continue;
        held.delete(connection);
        release();
      }
      for (const connection of wanted) if (!held.has(connection)) held.set(connection, connection.hold());
    },
  };
}
