/** The smallest event source there is, for parts that run without VS Code. Answers of `on` end the subscription. */
export interface Signal<T> {
  on(listener: (value: T) => void): () => void;
  fire(value: T): void;
  /** How many listen: what a test of leaks looks at. */
  readonly size: number;
}

export function createSignal<T>(): Signal<T> {
  // An object per subscription, so that one function may listen twice and end each once.
  const listeners = new Set<{ listener: (value: T) => void }>();
  return {
    on(listener) {
      const entry = { listener };
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    fire(value) {
      for (const { listener } of [...listeners]) listener(value);
    },
    get size() {
      return listeners.size;
    },
  };
}
