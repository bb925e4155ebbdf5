import { describeError } from 'minicloud-shared/client/describe-error';
import type { LogLine } from 'minicloud-shared/model/system';
import { commands, type Disposable, type LogOutputChannel, l10n, window, workspace } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import { withoutControls } from './log-text.ts';

/** Live logs in output channels, one for each app: it stays the same over every redeploy. */
export interface LogFollower extends Disposable {
  follow(live: LiveServer, app: string): void;
  stopAll(): void;
}

interface Followed {
  channel: LogOutputChannel;
  stop?: () => void;
}

export function createLogFollower(): LogFollower {
  const followed = new Map<string, Followed>();
  const tellContext = (): void => {
    const any = [...followed.values()].some(({ stop }) => stop !== undefined);
    void commands.executeCommand('setContext', 'minicloud.followingLogs', any);
  };
  return {
    follow(live, app) {
      const key = `${live.server.id}/${app}`;
      const entry: Followed = followed.get(key) ?? {
        channel: window.createOutputChannel(`${app} (${live.server.name})`, { log: true }),
      };
      followed.set(key, entry);
      entry.channel.show(true);
      if (entry.stop) return;
      const lines = workspace.getConfiguration('minicloud').get<number>('logs.lines', 200);
      const ended = (why: string): void => {
        entry.stop = undefined;
        entry.channel.info(why);
        tellContext();
      };
      // A reconnect begins with the last lines again: those that were shown are left out.
      let newest = 0;
      let shownBefore = 0;
      const subscription = live.api.logs.follow.subscribe(
        { app, lines },
        {
          onStarted: () => {
            shownBefore = newest;
          },
          onData: (line) => {
            newest = Math.max(newest, line.at);
            if (line.at > shownBefore) writeLine(entry.channel, line);
          },
          onError: (error) => ended(describeError(error, live.server.name).why),
          onComplete: () => ended(l10n.t('No longer following.')),
        },
      );
      entry.stop = () => subscription.unsubscribe();
      tellContext();
    },
    stopAll() {
      for (const entry of followed.values()) {
        entry.stop?.();
        entry.stop = undefined;
      }
      tellContext();
    },
    dispose() {
      for (const { stop, channel } of followed.values()) {
        stop?.();
        channel.dispose();
      }
      followed.clear();
    },
  };
}

/** What an app wrote to its error stream is not an error by that alone: most servers log there. */
function writeLine(channel: LogOutputChannel, { process, replica, stream, text }: LogLine): void {
  const line = `[${process} ${replica.slice(0, 8)}] ${withoutControls(text)}`;
  if (stream === 'stderr') channel.warn(line);
  else channel.info(line);
}
