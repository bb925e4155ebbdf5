import { parseDuration } from 'minicloud-shared/manifest/units';
import type { LogLine } from 'minicloud-shared/model/system';
import { workspace } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';

/** Lines of an app's past, as many and as old as the settings say. */
export async function readHistory({ api }: LiveServer, app: string): Promise<LogLine[]> {
  const settings = workspace.getConfiguration('minicloud.logs');
  const lines = await api.logs.tail.query({ app, lines: settings.get<number>('historyLines', 2_000) });
  const since = parseDuration(settings.get<string>('since', '').trim());
  if (since === undefined) return lines;
  // By the newest line and not by this machine's clock, which may be another.
  const from = (lines.at(-1)?.at ?? 0) - since;
  return lines.filter(({ at }) => at >= from);
}
