import { l10n, window } from 'vscode';
import type { Services } from '../services.ts';
import { appsOf } from './pick.ts';

/** Ends the following of logs: of the apps it is called on, of the only one, or of those that are picked. */
export async function stopLogs({ logs }: Services, argument: unknown, selected?: readonly unknown[]): Promise<void> {
  const named = appsOf(argument, selected);
  if (named.length > 0) {
    for (const { live, app } of named) logs.stop({ serverId: live.server.id, app: app.name, title: '' });
    return;
  }
  const followed = logs.followed();
  if (followed.length <= 1) {
    logs.stopAll();
    return;
  }
  const items = followed.map((entry) => ({ label: entry.title, entry, picked: true }));
  const placeHolder = l10n.t('Stop following which logs?');
  for (const { entry } of (await window.showQuickPick(items, { placeHolder, canPickMany: true })) ?? [])
    logs.stop(entry);
}
