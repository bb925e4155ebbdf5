/** Named queues: work of one name runs one after another, of two names side by side up to `width`. */

export interface Queue {
  /** Resolves or rejects as the work does. */
  add<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** True while work of that name runs or waits. */
  busy(name: string): boolean;
  idle(): Promise<void>;
}

export function createQueue(width: number): Queue {
  const tails = new Map<string, Promise<unknown>>();
  const waiting: (() => void)[] = [];
  let running = 0;

  const slot = async () => {
    if (running < width) {
      running += 1;
      return;
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const free = () => {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  };

  return {
    add(name, work) {
      const before = tails.get(name) ?? Promise.resolve();
      const result = before
        .catch(() => {})
        .then(async () => {
          await slot();
          try {
            return await work();
          } finally {
            free();
          }
        });
      const tail = result
        .catch(() => {})
        .then(() => {
          if (tails.get(name) === tail) tails.delete(name);
        });
      tails.set(name, tail);
      return result;
    },
    busy: (name) => tails.has(name),
    async idle() {
      while (tails.size > 0) await Promise.all(tails.values());
    },
  };
}
