/** Named queues: work of one name runs one after another, of two names side by side. How much at a time: `lanes.ts`. */

export interface Queue {
  /** Resolves or rejects as the work does. */
  add<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** True while work of that name runs or waits. */
  busy(name: string): boolean;
  idle(): Promise<void>;
}

export function createQueue(): Queue {
  const tails = new Map<string, Promise<unknown>>();

  return {
    add(name, work) {
      const before = tails.get(name) ?? Promise.resolve();
      const result = before.catch(() => {}).then(work);
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
