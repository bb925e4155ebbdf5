import { l10n } from 'vscode';
import type { Services } from '../services.ts';
import { pickApps, requireFeature } from './pick.ts';

/** Follows the logs of an app in an output channel of its own, over redeploys too. */
export async function showLogs(services: Services, argument: unknown, selected?: readonly unknown[]): Promise<void> {
  const picked = await pickApps(services, argument, selected, l10n.t('Show the logs of which app?'));
  for (const [index, { live, app }] of picked.entries()) {
    requireFeature(live, 'logs', l10n.t('Following logs'));
    services.logs.follow(live, app.name, index === picked.length - 1);
  }
}
