/** Streams that end with the permission they were opened by. */
import { onRevoked, tokenAlive } from '../access/access.ts';
import type { Context } from './trpc.ts';

/** Longest time that a timer can be set to. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Runs `stream` with a signal that ends when the client goes away and when the token is revoked or expires, at once.
 * Yields nothing when the token went between the request and now.
 */
export async function* whilePermitted<T>(
  { cloud, token }: Pick<Context, 'cloud' | 'token'>,
  signal: AbortSignal | undefined,
  stream: (signal: AbortSignal) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const over = new AbortController();
  const end = () => over.abort(new DOMException('The token is no longer valid', 'AbortError'));
  const off = onRevoked((id) => {
    if (id === token?.id) end();
  });
  let timer: NodeJS.Timeout | undefined;
  const watchExpiry = () => {
    if (token?.expiresAt === undefined) return;
    const left = token.expiresAt - cloud.clock.now();
    if (left <= 0) end();
    else timer = setTimeout(watchExpiry, Math.min(left, longestTimerMs));
  };
  try {
    watchExpiry();
    if (!token || !(await tokenAlive(cloud, token.id))) return;
    yield* stream(signal ? AbortSignal.any([signal, over.signal]) : over.signal);
  } finally {
    off();
    clearTimeout(timer);
  }
}
