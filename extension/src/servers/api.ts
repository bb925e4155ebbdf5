import { EventSource } from 'eventsource';
import type { AppRouter } from 'minicloud-server/router';
import { createClient } from 'minicloud-shared/client/client';
import { type Problem, ProblemError } from 'minicloud-shared/model/problem';
import type { Server } from './server.ts';
import type { TokenStore } from './token-store.ts';
import { fetchTrusting } from './trusting-fetch.ts';

export type Api = ReturnType<typeof createClient<AppRouter>>;

/** The API of one server. The token is read anew for every request, so that a replaced one counts at once. */
export function connectApi(server: Pick<Server, 'name' | 'url' | 'ca'>, token: () => Promise<string>): Api {
  return createClient<AppRouter>({
    url: server.url,
    token,
    EventSource,
    ...(server.ca ? { fetch: fetchTrusting(server.ca) } : {}),
  });
}

const noToken = 'There is no token for this server';

/** True when the server was not even asked: this machine has lost its token, or never could keep one. */
export function isNoToken({ what }: Pick<Problem, 'what'>): boolean {
  return what === noToken;
}

export function tokenOf(server: Server, tokens: TokenStore): () => Promise<string> {
  return async () => {
    const token = await tokens.get(server.id);
    if (token) return token;
    throw new ProblemError({
      code: 'unauthorized',
      what: noToken,
      object: server.name,
      why: 'It was kept for one session only, or the keyring lost it.',
      remedy: 'Run “Minicloud: Replace Token…” and paste a token.',
    });
  };
}
