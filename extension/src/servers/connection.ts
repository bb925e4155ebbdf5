/** One server, live: its last known state and one event stream, open only while somebody holds the connection. */
import { describeError } from 'minicloud-shared/client/describe-error';
import type { ServerFacts } from 'minicloud-shared/manifest/model';
import type { Event } from 'minicloud-shared/model/event';
import type { Problem } from 'minicloud-shared/model/problem';
import type { Release } from 'minicloud-shared/model/release';
import { createSignal } from '../signal.ts';
import { applyEvent, appOf, type Detail, emptySnapshot, type Snapshot, sortApps } from './snapshot.ts';
import type { Source } from './source.ts';

export type Link =
  | { state: 'idle' | 'connecting' | 'online' }
  /** `rejected`: the token is refused, only a new one helps. `unreachable`: it is being tried again. */
  | { state: 'unreachable' | 'rejected'; problem: Problem };

export interface Connection {
  readonly link: Link;
  readonly snapshot: Snapshot;
  /** Facts for the rules of manifests; undefined while the server isn't online, for unknown is not wrong. */
  readonly facts: ServerFacts | undefined;
  /**
   * Now by the server's clock, milliseconds since the epoch: what its times are compared with, so that an age is right
   * although the two clocks differ. This machine's until the server told its own.
   */
  now(): number;
  onDidChange(listener: () => void): () => void;
  onEvent(listener: (event: Event) => void): () => void;
  /** Fired after each (re)connect, when events may have been missed. */
  onOnline(listener: () => void): () => void;
  /** Keeps the event stream open until the answer is called. */
  hold(): () => void;
  /** Resolves when the server is online; rejects with its problem when it can't be reached. Holds it meanwhile. */
  ready(): Promise<void>;
  /** Tries again now, with a fresh stream. Does nothing while nobody holds the connection. */
  retry(): void;
  refresh(): Promise<void>;
  /** Newest first; asked once and then kept true by events. */
  releases(app: string): Promise<readonly Release[]>;
  /**
   * Asked once and then kept true by events, until everybody who looked said `forget`. Undefined when it is unknown and
   * the server is away.
   */
  detail(app: string, looker: string): Promise<Detail | undefined>;
  /** `looker` looks into the app no more. When nobody else does, events about it ask for its row alone. */
  forget(app: string, looker: string): void;
  /** Asks again for the apps that `looker` looks into: memory and processor time change without an event. */
  refreshDetails(looker: string): Promise<void>;
  /** How many listen to what: for a test of leaks. */
  readonly listeners: Record<'changed' | 'events' | 'online', number>;
  dispose(): void;
}

export interface ConnectionOptions {
  source: Source;
  /** As it is called in messages. */
  name: () => string;
  /** Last known state from an earlier session, shown greyed until the server answers. */
  remembered?: Snapshot;
  /** How long the stream stays after the last hold, so that a look elsewhere doesn't cost a reconnect. */
  lingerMs?: number;
  /** Events within this time cause one question. */
  settleMs?: number;
}

/** Longest pause before a server that ends each of its streams is asked anew. */
const longestPauseMs = 30_000;
/** A stream that lived as long was a good one. */
const steadyMs = 10_000;

export function createConnection(options: ConnectionOptions): Connection {
  const { source, lingerMs = 3_000, settleMs = 100 } = options;
  const changed = createSignal<void>();
  const events = createSignal<Event>();
  const online = createSignal<void>();
  let link: Link = { state: 'idle' };
  let snapshot = options.remembered ?? emptySnapshot;
  let facts: ServerFacts | undefined;
  /** How much the server's clock is ahead of this machine's, milliseconds. */
  let ahead = 0;
  let holds = 0;
  let close: (() => void) | undefined;
  let linger: NodeJS.Timeout | undefined;
  let settle: NodeJS.Timeout | undefined;
  /** Before a stream that the server ended is opened again, milliseconds. */
  let pauseMs = settleMs;
  /** Who looks into which app. */
  const lookers = new Map<string, Set<string>>();
  /** Apps that events told about since the last question. */
  const touched = new Set<string>();
  let proposalsChanged = false;
  /** Answers to questions of an earlier start are dropped. */
  let round = 0;

  function set(next: { link?: Link; snapshot?: Snapshot }): void {
    link = next.link ?? link;
    snapshot = next.snapshot ?? snapshot;
    if (link.state !== 'online') facts = undefined;
    changed.fire();
  }

  function fail(error: unknown): void {
    const problem = describeError(error, options.name());
    const rejected = problem.code === 'unauthorized' || problem.code === 'forbidden';
    if (rejected) stop();
    set({ link: { state: rejected ? 'rejected' : 'unreachable', problem } });
  }

  async function load(): Promise<void> {
    const mine = round;
    try {
      const [info, apps] = await Promise.all([source.info(), source.apps()]);
      const [nextFacts, proposals] = await Promise.all([askFacts(), askProposals(info)]);
      const known = apps.map(({ name }) => name);
      const [opened, details] = await Promise.all([
        Promise.all(
          known.filter((app) => snapshot.releases.has(app)).map(async (app) => [app, await releasesOf(app)] as const),
        ),
        askDetails(known),
      ]);
      if (mine !== round) return;
      facts = nextFacts;
      set({
        link: { state: 'online' },
        snapshot: {
          ...snapshot,
          ...{ info, apps: sortApps(apps), releases: new Map(opened), details, proposals },
          asOf: Date.now(),
        },
      });
    } catch (error) {
      if (mine === round) fail(error);
    }
  }

  /** Undefined when they can't be told; then the clock that was known stays. */
  async function askFacts(): Promise<ServerFacts | undefined> {
    try {
      const told = await source.facts();
      ahead = told.asOf - Date.now();
      return told;
    } catch {
      return undefined;
    }
  }

  const releasesOf = async (app: string): Promise<Release[]> =>
    [...(await source.releases(app))].sort((a, b) => b.version - a.version);

  /** Of those among `apps` that are looked into. One that can't be told keeps what was known. */
  async function askDetails(apps: Iterable<string>): Promise<Map<string, Detail>> {
    const before = snapshot.details;
    const asked = [...apps].filter((app) => before.has(app));
    const details = await Promise.all(asked.map((app) => source.detail(app).catch(() => before.get(app))));
    return new Map(details.flatMap((detail) => (detail ? [[detail.name, detail]] : [])));
  }

  const askProposals = async (info = snapshot.info): Promise<Snapshot['proposals']> =>
    info?.features.includes('proposals') ? source.proposals().catch(() => snapshot.proposals) : [];

  /** Those that somebody stopped looking into meanwhile stay out. */
  function withDetails(newer: ReadonlyMap<string, Detail>): Snapshot['details'] {
    return new Map([...snapshot.details].map(([app, known]) => [app, newer.get(app) ?? known]));
  }

  async function reloadApps(): Promise<void> {
    const mine = round;
    const about = [...touched];
    const proposed = proposalsChanged;
    touched.clear();
    proposalsChanged = false;
    try {
      const [apps, nextFacts, details, proposals] = await Promise.all([
        source.apps(),
        askFacts(),
        askDetails(about),
        proposed ? askProposals() : snapshot.proposals,
      ]);
      if (mine !== round) return;
      facts = nextFacts;
      const changes = { apps: sortApps(apps), details: withDetails(details), proposals };
      set({ snapshot: { ...snapshot, ...changes, asOf: Date.now() } });
    } catch (error) {
      if (mine === round) fail(error);
    }
  }

  function start(): void {
    const mine = ++round;
    let opened = false;
    let openedAt = Number.POSITIVE_INFINITY;
    set({ link: { state: 'connecting' } });
    close = source.events({
      open: () => {
        if (mine !== round) return;
        // The first answer of the stream comes beside the first load, which then need not run twice.
        const again = opened || link.state !== 'online';
        opened = true;
        openedAt = Date.now();
        if (again) void load().then(() => mine === round && link.state === 'online' && online.fire());
      },
      event: (event) => {
        if (mine !== round) return;
        const { snapshot: next, stale } = applyEvent(snapshot, event);
        // By this machine's clock, as every time of `asOf`: the event's is the server's.
        set({ snapshot: { ...next, asOf: Date.now() } });
        events.fire(event);
        if (!stale) return;
        const app = appOf(event);
        if (app !== undefined) touched.add(app);
        if (event.body.kind === 'proposal.changed') proposalsChanged = true;
        clearTimeout(settle);
        settle = setTimeout(() => void reloadApps(), settleMs);
      },
      lost: (error) => mine === round && fail(error),
      closed: () => {
        if (mine !== round) return;
        if (Date.now() - openedAt >= steadyMs) pauseMs = settleMs;
        clearTimeout(settle);
        // Asking anew tells why, at first almost at once: a token may have been revoked. A server or a proxy that ends
        // every stream is asked ever more rarely.
        settle = setTimeout(() => {
          stop();
          start();
        }, pauseMs);
        pauseMs = Math.min(2 * pauseMs, longestPauseMs);
      },
      ended: (error) => mine === round && fail(error),
    });
    void load();
  }

  function stop(): void {
    round += 1;
    clearTimeout(linger);
    clearTimeout(settle);
    close?.();
    close = undefined;
  }

  function hold(): () => void {
    holds += 1;
    clearTimeout(linger);
    if (!close) start();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      holds -= 1;
      if (holds > 0) return;
      linger = setTimeout(() => {
        stop();
        set({ link: { state: 'idle' } });
      }, lingerMs);
    };
  }

  return {
    get link() {
      return link;
    },
    get snapshot() {
      return snapshot;
    },
    get facts() {
      return facts;
    },
    now: () => Date.now() + ahead,
    onDidChange: changed.on,
    onEvent: events.on,
    onOnline: online.on,
    hold,
    ready() {
      const release = hold();
      return new Promise<void>((resolve, reject) => {
        let end: (() => void) | undefined;
        const look = (): void => {
          if (link.state === 'connecting' || link.state === 'idle') return;
          end?.();
          if (link.state === 'online') resolve();
          else if ('problem' in link)
            reject(Object.assign(new Error(link.problem.what), { data: { problem: link.problem } }));
        };
        end = changed.on(look);
        look();
      }).finally(release);
    },
    retry() {
      if (holds === 0) return;
      stop();
      start();
    },
    refresh: () => (close ? load() : Promise.resolve()),
    async releases(app) {
      const known = snapshot.releases.get(app);
      if (known || link.state !== 'online') return known ?? [];
      const releases = await releasesOf(app);
      snapshot = { ...snapshot, releases: new Map(snapshot.releases).set(app, releases) };
      return releases;
    },
    async detail(app, looker) {
      const looking = lookers.get(app) ?? new Set();
      lookers.set(app, looking.add(looker));
      const known = snapshot.details.get(app);
      if (known || link.state !== 'online') return known;
      const mine = round;
      const detail = await source.detail(app);
      if (mine === round && lookers.has(app))
        set({ snapshot: { ...snapshot, details: new Map(snapshot.details).set(app, detail) } });
      return detail;
    },
    forget(app, looker) {
      const looking = lookers.get(app);
      looking?.delete(looker);
      if (looking && looking.size > 0) return;
      lookers.delete(app);
      const details = new Map(snapshot.details);
      details.delete(app);
      snapshot = { ...snapshot, details };
    },
    async refreshDetails(looker) {
      const wanted = [...snapshot.details.keys()].filter((app) => lookers.get(app)?.has(looker));
      if (link.state !== 'online' || wanted.length === 0) return;
      const mine = round;
      const details = await askDetails(wanted);
      if (mine === round) set({ snapshot: { ...snapshot, details: withDetails(details) } });
    },
    get listeners() {
      return { changed: changed.size, events: events.size, online: online.size };
    },
    dispose: stop,
  };
}
