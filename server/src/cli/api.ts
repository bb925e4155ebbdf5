/** The connection to a server. The router is known by its type alone. */
import { EventSource } from 'eventsource';
import { createClient } from 'minicloud-shared/client/client';
import type { AppRouter } from '../api/router.ts';
import { noToken, type Target } from './target.ts';

export type Api = ReturnType<typeof createClient<AppRouter>>;

export interface ApiOptions {
  /** For plans and deploys, which wait for the server to fetch an image. */
  patient?: boolean;
}

const queryMs = 10_000;
const mutationMs = 60_000;
/** A little longer than the server itself takes at most to fetch an image. */
const patientMs = 31 * 60_000;

/** Opens nothing by itself. Throws `unauthorized` when there is no token. */
export async function connect(target: Target, options: ApiOptions = {}): Promise<Api> {
  const { token } = target;
  if (token === undefined) throw noToken(target.url);
  return createClient<AppRouter>({
    url: target.url,
    token: async () => token,
    EventSource,
    timeoutMs: { query: queryMs, mutation: options.patient ? patientMs : mutationMs },
    ...(options.patient ? { fetch: (await import('./patient-fetch.ts')).patientFetch(patientMs) } : {}),
  });
}
