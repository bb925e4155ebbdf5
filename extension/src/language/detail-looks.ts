/** Which app each open manifest looks into: what is known of it at once, and what is not a moment later. */
import type { AppDetail } from 'minicloud-shared/model/app';
import type { Connection } from '../servers/connection.ts';

type Looked = Pick<Connection, 'snapshot' | 'detail' | 'forget'>;

export interface DetailLooks {
  /** What is known now. Else it is asked for, and `arrived` tells when it is there: without it there is less to read. */
  detail(file: string, connection: Looked, app: string): AppDetail | undefined;
  /** The manifest is closed, or is about no app of the server: nothing is asked for it any more. */
  close(file: string): void;
}

interface Look {
  connection: Looked;
  app: string;
  asking: boolean;
}

export function createDetailLooks(arrived: () => void): DetailLooks {
  const looks = new Map<string, Look>();
  const lookerOf = (file: string): string => `manifest ${file}`;
  const close = (file: string): void => {
    const look = looks.get(file);
    looks.delete(file);
    look?.connection.forget(look.app, lookerOf(file));
  };

  async function ask(file: string, look: Look): Promise<void> {
    look.asking = true;
    const detail = await look.connection.detail(look.app, lookerOf(file)).catch(() => undefined);
    look.asking = false;
    if (detail && looks.get(file) === look) arrived();
  }

  return {
    detail(file, connection, app) {
      let look = looks.get(file);
      if (look?.connection !== connection || look.app !== app) {
        close(file);
        look = { connection, app, asking: false };
        looks.set(file, look);
        // What the tree knew already is not forgotten with its row.
        if (connection.snapshot.details.has(app)) void connection.detail(app, lookerOf(file));
      }
      const known = connection.snapshot.details.get(app);
      if (!known && !look.asking) void ask(file, look);
      return known;
    },
    close,
  };
}
