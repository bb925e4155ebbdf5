/** Which app each manifest looks into: what is not known of it yet is asked for. */
import type { Connection } from '../servers/connection.ts';

type Looked = Pick<Connection, 'snapshot' | 'detail' | 'forget'>;

export interface DetailLooks {
  /** The manifest is about this app. The connection tells when what was asked for is there. */
  look(file: string, connection: Looked, app: string): void;
  /** The manifest is closed, or is about no app of the server: nothing is asked for it any more. */
  close(file: string): void;
}

interface Look {
  connection: Looked;
  app: string;
  asking: boolean;
}

export function createDetailLooks(): DetailLooks {
  const looks = new Map<string, Look>();
  const lookerOf = (file: string): string => `manifest ${file}`;
  const close = (file: string): void => {
    const look = looks.get(file);
    looks.delete(file);
    look?.connection.forget(look.app, lookerOf(file));
  };

  async function ask(file: string, look: Look): Promise<void> {
    look.asking = true;
    await look.connection.detail(look.app, lookerOf(file)).catch(() => {});
    look.asking = false;
  }

  return {
    look(file, connection, app) {
      const before = looks.get(file);
      if (before?.connection === connection && before.app === app) {
        if (!before.asking && !connection.snapshot.details.has(app)) void ask(file, before);
        return;
      }
      close(file);
      const look = { connection, app, asking: false };
      looks.set(file, look);
      // Also what the tree knew already: else it would be forgotten with its row.
      void ask(file, look);
    },
    close,
  };
}
