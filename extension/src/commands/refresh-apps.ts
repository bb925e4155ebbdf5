import type { Services } from '../services.ts';

/** Asks every server again. Events keep the tree true by themselves; this is for the doubting. */
export async function refreshApps({ connections }: Services): Promise<void> {
  await Promise.all(
    connections.all().map(({ connection }) => {
      if (connection.link.state === 'online') return connection.refresh();
      return connection.retry();
    }),
  );
}
