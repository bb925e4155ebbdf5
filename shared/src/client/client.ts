/** The one way to a Minicloud server: editor, CLI and dashboard call its API through this client. */
import {
  createTRPCClient,
  httpLink,
  httpSubscriptionLink,
  retryLink,
  splitLink,
  type TRPCClient,
  type TRPCLink,
} from '@trpc/client';
import type { AnyRouter } from '@trpc/server';
import { observable } from '@trpc/server/observable';
import { describeError } from './describe-error.ts';

/** What the npm package `eventsource` and every browser bring; Node has none of its own. */
export type EventSourceClass = NonNullable<Parameters<typeof httpSubscriptionLink>[0]['EventSource']>;
type Fetch = typeof globalThis.fetch;

export interface ClientOptions {
  /** Address of the API without a path: `http://127.0.0.1:9443`. */
  url: string;
  /** Asked before every request, so that a replaced token counts at once. It travels in a header, never in the URL. */
  token: () => Promise<string>;
  EventSource: EventSourceClass;
  /** Where a certificate authority of the server's own has to be trusted, a `fetch` that does. */
  fetch?: Fetch;
  /** Longest wait for an answer. Subscriptions stay open; their connection attempts are limited. */
  timeoutMs?: { query: number; mutation: number };
}

/** Longest wait for the first byte of an event stream. */
const connectLimitMs = 10_000;
const defaultTimeouts = { query: 5_000, mutation: 60_000 };

/**
 * A typed client: `createClient<AppRouter>({ … })`. Opens no connection by itself.
 *
 * Calls fail with what `describeError` turns into a `Problem`. Subscriptions reconnect by themselves, after the last
 * event they saw, until they are unsubscribed or the server says that the token may not.
 */
export function createClient<Router extends AnyRouter>(options: ClientOptions): TRPCClient<Router> {
  const { query, mutation } = options.timeoutMs ?? defaultTimeouts;
  const base = { url: `${options.url.replace(/\/+$/, '')}/trpc` };
  // The links are typed by the router's transformer, which can't be known for a type parameter: Minicloud has none.
  const links = [
    splitLink({
      condition: (op) => op.type === 'subscription',
      true: [
        retryLink({ retry: ({ error }) => mayRecover(error), retryDelayMs: retryDelay }),
        endRefused,
        httpSubscriptionLink({
          ...base,
          EventSource: options.EventSource,
          eventSourceOptions: () => ({ fetch: asAnswer(withToken(options)) }),
        }),
      ],
      false: splitLink({
        condition: (op) => op.type === 'query',
        true: httpLink({ ...base, fetch: withLimit(withToken(options), query) }),
        false: httpLink({ ...base, fetch: withLimit(withToken(options), mutation) }),
      }),
    }),
  ] as unknown as TRPCLink<Router>[];
  return createTRPCClient<Router>({ links });
}

/**
 * Milliseconds before the next attempt to open a subscription: 0.5 s doubling to 30 s, spread by half so that many
 * editors don't come back at the same moment. The link never resets its counter, hence the cap.
 */
export function retryDelay(attempts: number, random: () => number = Math.random): number {
  const full = Math.min(30_000, 500 * 2 ** Math.min(attempts - 1, 10));
  return full / 2 + (full / 2) * random();
}

/** False when trying again can't help: the token is refused, or the server doesn't know the call. */
function mayRecover(error: unknown): boolean {
  const { code } = describeError(error);
  return code !== 'unauthorized' && code !== 'forbidden' && code !== 'not_found' && code !== 'invalid_input';
}

/**
 * Ends a stream that was refused. A refusal inside an open stream is told as a state only, and the stream would be
 * opened again and again.
 */
const endRefused: TRPCLink<AnyRouter> =
  () =>
  ({ next, op }) =>
    observable((observer) =>
      next(op).subscribe({
        next(envelope) {
          const { result } = envelope;
          if (result.type === 'state' && result.error && !mayRecover(result.error)) observer.error(result.error);
          else observer.next(envelope);
        },
        error: observer.error,
        complete: observer.complete,
      }),
    );

/** A connection that can't be made is an answer too, so that its next attempt waits as long as `retryDelay` says. */
function asAnswer(fetch: Fetch): Fetch {
  return async (input, init) => {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), connectLimitMs);
    try {
      const signal = init?.signal ? AbortSignal.any([init.signal, limit.signal]) : limit.signal;
      return await fetch(input, { ...init, signal });
    } catch (error) {
      if (init?.signal?.aborted) throw error;
      return new Response(null, { status: 503 });
    } finally {
      clearTimeout(timer);
    }
  };
}

function withToken(options: ClientOptions): Fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${await options.token()}`);
    return (options.fetch ?? globalThis.fetch)(input, { ...init, headers });
  };
}

/** A server that accepts the connection and says nothing must not hang its caller. */
function withLimit(fetch: Fetch, ms: number): Fetch {
  return (input, init) => {
    const limit = AbortSignal.timeout(ms);
    return fetch(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, limit]) : limit });
  };
}
