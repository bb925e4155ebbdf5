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

export function createDetailLooks(): DetailLooks {
  const looks = new Map<string, Look>();
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
