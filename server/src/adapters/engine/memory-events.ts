/** Events of the in-memory engine, one queue for each listener. */
import type { EngineEvent } from './contract.ts';
import type { MemoryWorld } from './memory-world.ts';

/** A listener that is slower than this many events gets a `resync` instead of them. */
const longestQueue = 10_000;

/** Listens from the call on, not from the first `next()`: nothing between the two is lost. */
export function memoryEvents(
  world: MemoryWorld,
  installation: string,
  signal: AbortSignal,
): AsyncGenerator<EngineEvent | { action: 'resync' }> {
  const queue: (EngineEvent | { action: 'resync' })[] = [];
  let wake = () => {};
  const listener = (event: EngineEvent, owner: string | undefined) => {
    if (owner !== installation) return;
    if (queue.length >= longestQueue) queue.splice(0, queue.length, { action: 'resync' });
    queue.push(event);
    wake();
  };
  const stop = () => {
    world.listeners.delete(listener);
    wake();
  };
  if (!signal.aborted) world.listeners.add(listener);
  signal.addEventListener('abort', stop, { once: true });

  async function* read(): AsyncGenerator<EngineEvent | { action: 'resync' }> {
    try {
      while (!signal.aborted) {
        const event = queue.shift();
        if (event) yield event;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      stop();
      signal.removeEventListener('abort', stop);
    }
  }
  return read();
}
