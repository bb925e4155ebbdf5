/** Streams that end with the permission they were opened by. */

import type { Token } from 'minicloud-shared/model/access';
import { onRevoked, tokenAlive } from '../access/access.ts';
import type { Cloud } from '../context.ts';
import type { Context } from './trpc.ts';

/** Longest time that a timer can be set to. */
const longestTimerMs = 2 ** 31 - 1;

export interface Permission {
  /** Ends when the token is revoked or expires, at once. */
  readonly signal: AbortSignal;
  /** False when the token went between the request and now. */
  check(): Promise<boolean>;
  /** Stops watching. */
  end(): void;
}

/** Watches a token for as long as something is open by it. */
export function permission(cloud: Cloud, token: Token): Permission {
  const over = new AbortController();
  const end = () => over.abort(new DOMException('The token is no longer valid', 'AbortError'));
  const off = onRevoked((id) => {
    if (id === token.id) end();
  });
  let timer: NodeJS.Timeout | undefined;
  const watchExpiry = () => {
    if (token.expiresAt === undefined) return;
    const left = token.expiresAt - cloud.clock.now();
    if (left <= 0) end();
    else timer = setTimeout(watchExpiry, Math.min(left, longestTimerMs));
  };
  watchExpiry();
  return {
    signal: over.signal,
    check: () => tokenAlive(cloud, token.id),
    end() {
      off();
      clearTimeout(timer);
    },
  };
}

/**
 * Runs `stream` with a signal that ends when the client goes away and when the token is revoked or expires, at once.
 * Yields nothing when the token went between the request and now.
 */
export async function* whilePermitted<T>(
  { cloud, token }: Pick<Context, 'cloud' | 'token'>,
  signal: AbortSignal | undefined,
  stream: (signal: AbortSignal) => AsyncIterable<T>,
): AsyncGenerator<T> {
  if (!token) return;
  const allowed = permission(cloud, token);
  try {
    if (!(await allowed.check())) return;
    yield* stream(signal ? AbortSignal.any([signal, allowed.signal]) : allowed.signal);
  } finally {
    allowed.end();
  }
}
