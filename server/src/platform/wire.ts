/** A connection to a client that carries bytes and words both ways: a WebSocket, seen without what it is made of. */

export interface Wire {
  /** What the client sends, at the pace of the reader; ends when the client goes. */
  readonly messages: AsyncIterable<{ bytes: Uint8Array } | { text: string }>;
  /** Ends when the client goes away or may no longer; the reason says why. */
  readonly signal: AbortSignal;
  /** Resolves when it is on its way, so that a slow client holds the sender back. */
  send(bytes: Uint8Array): Promise<void>;
  tell(message: object): Promise<void>;
}

/** Bounds on things that are open at once, in all and of each owner. */
export interface Limits {
  /** True when there was room; give it back with `leave`. */
  enter(owner: string): boolean;
  leave(owner: string): void;
  hasRoom(owner: string): boolean;
}

export function createLimits(most: { each: number; all: number }): Limits {
  const open = new Map<string, number>();
  let all = 0;
  const hasRoom = (owner: string) => all < most.all && (open.get(owner) ?? 0) < most.each;
  return {
    hasRoom,
    enter(owner) {
      if (!hasRoom(owner)) return false;
      all += 1;
      open.set(owner, (open.get(owner) ?? 0) + 1);
      return true;
    },
    leave(owner) {
      all -= 1;
      const left = (open.get(owner) ?? 0) - 1;
      if (left > 0) open.set(owner, left);
      else open.delete(owner);
    },
  };
}

/** Calls `end` when `touch` was not called for `ms`. */
export function watchIdle(ms: number, end: () => void): { touch(): void; stop(): void } {
  const timer = setTimeout(end, ms);
  return {
    touch() {
      timer.refresh();
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
