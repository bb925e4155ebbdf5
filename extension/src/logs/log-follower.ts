import { describeError } from 'minicloud-shared/client/describe-error';
import type { LogLine } from 'minicloud-shared/model/system';
import {
  commands,
  type Disposable,
  type Event,
  EventEmitter,
  type LogOutputChannel,
  l10n,
  window,
  workspace,
} from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import { levelOf } from './log-level.ts';
import { createLogSequence, type LogPiece } from './log-sequence.ts';
import { withoutControls } from './log-text.ts';

/** Live logs in output channels, one for each app: it stays the same over every redeploy. */
export interface LogFollower extends Disposable {
  /** The channel comes to the front only where one is asked for: with several, the last one. */
  follow(live: LiveServer, app: string, show?: boolean): void;
  /** Told when an app is followed, or is no more. */
  readonly onDidChange: Event<void>;
  follows(app: Pick<FollowedApp, 'serverId' | 'app'>): boolean;
  /** Apps that are followed now. */
  followed(): readonly FollowedApp[];
  stop(app: FollowedApp): void;
  stopAll(): void;
  /** Ends what is followed on servers that are no longer there, and takes its channels away. */
  keepOnly(there: (serverId: string) => boolean): void;
}

export interface FollowedApp {
  serverId: string;
  app: string;
  /** Of the channel. */
  title: string;
}

interface Entry extends FollowedApp {
  channel: LogOutputChannel;
  stop?: (() => void) | undefined;
}

/** A line this much older than the moment it is shown says its own time: the channel's is that moment. */
const oldMs = 5_000;

export function createLogFollower(): LogFollower {
  const entries = new Map<string, Entry>();
  const running = (): Entry[] => [...entries.values()].filter(({ stop }) => stop !== undefined);
  const changed = new EventEmitter<void>();
  const tell = (): void => {
    void commands.executeCommand('setContext', 'minicloud.followingLogs', running().length > 0);
    changed.fire();
  };

  function stop(entry: Entry): void {
    if (!entry.stop) return;
    entry.stop();
    entry.stop = undefined;
    entry.channel.info(l10n.t('No longer following.'));
    tell();
  }

  return {
    follow(live, app, show = true) {
      const key = keyOf({ serverId: live.server.id, app });
      const title = `${app} (${live.server.name})`;
      const entry: Entry = entries.get(key) ?? {
        ...{ serverId: live.server.id, app, title },
        channel: window.createOutputChannel(title, { log: true }),
      };
      entries.set(key, entry);
      if (show) entry.channel.show(true);
      if (entry.stop) return;
      entry.stop = followInto(entry.channel, live, app, (why) => {
        entry.stop = undefined;
        entry.channel.info(why);
        tell();
      });
      tell();
    },
    onDidChange: changed.event,
    follows: (app) => entries.get(keyOf(app))?.stop !== undefined,
    followed: () => running().map(({ serverId, app, title }) => ({ serverId, app, title })),
    stop(wanted) {
      const entry = entries.get(keyOf(wanted));
      if (entry) stop(entry);
    },
    stopAll() {
      running().forEach(stop);
    },
    keepOnly(there) {
      for (const [key, entry] of entries) {
        if (there(entry.serverId)) continue;
        entry.stop?.();
        entry.stop = undefined;
        entry.channel.dispose();
        entries.delete(key);
        tell();
      }
    },
    dispose() {
      for (const entry of entries.values()) {
        entry.stop?.();
        entry.channel.dispose();
      }
      entries.clear();
      changed.dispose();
    },
  };
}

function keyOf({ serverId, app }: Pick<FollowedApp, 'serverId' | 'app'>): string {
  return `${serverId}/${app}`;
}

/** The answer ends the following; `ended` is called when it ends by itself. */
function followInto(
  channel: LogOutputChannel,
  { api, server }: LiveServer,
  app: string,
  ended: (why: string) => void,
): () => void {
  const lines = workspace.getConfiguration('minicloud.logs').get<number>('lines', 200);
  const sequence = createLogSequence();
  let lost = false;
  const subscription = api.logs.follow.subscribe(
    { app, lines },
    {
      onStarted() {
        sequence.restart();
        if (lost) channel.info(l10n.t('Following again.'));
        lost = false;
      },
      onData: (line) => {
        for (const piece of sequence.accept(line)) writePiece(channel, piece);
      },
      onConnectionStateChange({ state, error }) {
        // Told once, however often it is tried again.
        if (state !== 'connecting' || !error || lost) return;
        lost = true;
        channel.warn(l10n.t('The connection was lost: {0} Trying again.', describeError(error, server.name).why));
      },
      onError: (error) => ended(describeError(error, server.name).why),
      onComplete: () => ended(l10n.t('No longer following.')),
    },
  );
  return () => subscription.unsubscribe();
}

function writePiece(channel: LogOutputChannel, piece: LogPiece): void {
  if (piece.kind === 'release') channel.info(`──────── ${l10n.t('release {0}', piece.release)} ────────`);
  else if (piece.kind === 'gap') channel.warn(l10n.t('Lines that were written meanwhile may be missing here.'));
  else writeLine(channel, piece.line);
}

/** What an app wrote to its error stream is not an error by that alone: most servers log there. */
function writeLine(channel: LogOutputChannel, { at, process, replica, stream, text }: LogLine): void {
  const source = replica === '' ? process : `${process}.${replica.slice(0, 8)}`;
  const time = Date.now() - at > oldMs ? ` ${new Date(at).toISOString()}` : '';
  const line = `[${source}]${time} ${withoutControls(text)}`;
  const level = levelOf(text) ?? (stream === 'stderr' ? 'warn' : 'info');
  channel[level](line);
}
