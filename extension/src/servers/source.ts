/** What a connection asks of a server: the API's queries and its event stream, without how they travel. */
import type { ServerFacts } from 'minicloud-shared/manifest/model';
import type { AppSummary } from 'minicloud-shared/model/app';
import type { Event } from 'minicloud-shared/model/event';
import type { Operation } from 'minicloud-shared/model/operation';
import type { ProposalSummary } from 'minicloud-shared/model/proposal';
import type { Release } from 'minicloud-shared/model/release';
import type { SystemInfo } from 'minicloud-shared/model/system';
import type { Api } from './api.ts';
import type { Detail } from './snapshot.ts';

export interface Source {
  info(): Promise<SystemInfo>;
  apps(): Promise<AppSummary[]>;
  detail(app: string): Promise<Detail>;
  proposals(): Promise<ProposalSummary[]>;
  facts(): Promise<ServerFacts>;
  releases(app: string): Promise<Release[]>;
  operation(id: string): Promise<Operation>;
  /** Opens the event stream; it reconnects by itself. The answer closes it. */
  events(handlers: EventHandlers): () => void;
}

export interface EventHandlers {
  /** Each time the stream is open, again after every reconnect. */
  open(): void;
  event(event: Event): void;
  /** The stream is lost and being opened again. */
  lost(error: unknown): void;
  /** The server ended the stream in order: it stops, or the token was revoked. It is not opened again by itself. */
  closed(): void;
  /** The stream won't come back: the token is refused. */
  ended(error: unknown): void;
}

const emptyDetail = { replicas: [], bindings: [], volumes: [], domains: [], processes: [], routes: [], activity: [] };

export function sourceOf(api: Api): Source {
  return {
    info: () => api.system.info.query(),
    apps: () => api.apps.list.query(),
    // What an older server leaves out is empty.
    async detail(app) {
      const detail = { ...emptyDetail, ...(await api.apps.get.query({ name: app })) };
      if (!detail.config) return detail;
      if (detail.config.length === 0) return { ...detail, entries: [] };
      // Who set them and when stands in their own list, without which all else is known.
      const list = await api.config.list.query({ app }).catch(() => undefined);
      return { ...detail, ...(list && { entries: list.entries }) };
    },
    proposals: async () => (await api.proposals.list.query({})).filter(({ state }) => state === 'open'),
    facts: () => api.system.facts.query({}),
    releases: (app) => api.releases.list.query({ app }),
    operation: (id) => api.operations.get.query({ id }),
    events(handlers) {
      const subscription = api.events.subscribe.subscribe(
        {},
        {
          onStarted: handlers.open,
          onData: ({ data }) => handlers.event(data),
          onConnectionStateChange: ({ state, error }) => {
            if (state === 'connecting' && error) handlers.lost(error);
          },
          onComplete: handlers.closed,
          onError: handlers.ended,
        },
      );
      return () => subscription.unsubscribe();
    },
  };
}
