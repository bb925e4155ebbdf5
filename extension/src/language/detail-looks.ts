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

/** As whom a manifest looks into its app. */
export function lookerOf(file: string): string {
  return `manifest ${file}`;
}

export interface Measuring {
  /** Below this many milliseconds a measure is as good as new. */
  freshMs: number;
  /** What was measured before is told when a new measure takes longer, milliseconds. */
  limitMs: number;
}

/**
 * Memory and processor time change without an event: they are measured anew for who asks for them, and for nobody else.
 * The answer is waited for, but not long.
 */
export function createMeasuring(
  measure: (file: string) => Promise<void>,
  { freshMs, limitMs }: Measuring = { freshMs: 10_000, limitMs: 300 },
  now: () => number = Date.now,
): (file: string) => Promise<void> {
  const measured = new Map<string, number>();
  return async (file) => {
    if (now() - (measured.get(file) ?? Number.NEGATIVE_INFINITY) < freshMs) return;
    measured.set(file, now());
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([measure(file).catch(() => {}), limit]);
    clearTimeout(timer);
  };
}

export function createDetailLooks(arrived: () => void): DetailLooks {
  const looks = new Map<string, Look>();
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
