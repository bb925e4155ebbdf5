/**
 * A line between writers and one reader that holds no more than it is told to: who writes into a full one waits, in
 * turn, until there is room. Nothing that is slow to read can fill the memory by it.
 */
export interface Bounded<T> {
  /** Resolves when it was taken in; false when it was closed instead. */
  push(item: T): Promise<boolean>;
  /** The oldest, when there is one; undefined when it was closed. */
  take(): Promise<T | undefined>;
  /** Lets everybody go who waits, and what it holds. */
  close(): void;
  /** The most that it ever held. */
  readonly most: { items: number; weight: number };
}

export interface Bounds<T> {
  items: number;
  weight: number;
  /** Of one item, in whatever `weight` counts. One that is heavier than all there may be goes in alone. */
  weigh(item: T): number;
}

export function createBounded<T>(bounds: Bounds<T>): Bounded<T> {
  const most = { items: 0, weight: 0 };
  const writers: (() => void)[] = [];
  const held: { item: T; weight: number }[] = [];
  let weight = 0;
  let reader: (() => void) | undefined;
  let closed = false;

  const fits = (more: number) => held.length === 0 || (held.length < bounds.items && weight + more <= bounds.weight);

  return {
    most,
    async push(item) {
      const own = bounds.weigh(item);
      // Whoever waited before goes first, and who was woken finds the room that he was woken for.
      if (!closed && (writers.length > 0 || !fits(own))) await new Promise<void>((resolve) => writers.push(resolve));
      while (!closed && !fits(own)) await new Promise<void>((resolve) => writers.unshift(resolve));
      if (closed) return false;
      held.push({ item, weight: own });
      weight += own;
      most.items = Math.max(most.items, held.length);
      most.weight = Math.max(most.weight, weight);
      reader?.();
      if (fits(0)) writers.shift()?.();
      return true;
    },
    async take() {
      while (!closed && held.length === 0) {
        await new Promise<void>((resolve) => {
          reader = resolve;
        });
        reader = undefined;
      }
      const next = held.shift();
      if (!next) return undefined;
      weight -= next.weight;
      writers.shift()?.();
      return next.item;
    },
    close() {
      closed = true;
      held.length = 0;
      weight = 0;
      reader?.();
      for (const wake of writers.splice(0)) wake();
    },
  };
}
