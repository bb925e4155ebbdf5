import { l10n } from 'vscode';
import type { Services } from '../services.ts';
import { pickApp, requireFeature } from './pick.ts';

/** Follows the logs of an app in an output channel of its own, over redeploys too. */
export async function showLogs(services: Services, argument: unknown): Promise<void> {
  const picked = await pickApp(services, argument, l10n.t('Show the logs of which app?'));
  if (!picked) return;
  requireFeature(picked.live, 'logs', l10n.t('Following logs'));
  services.logs.follow(picked.live, picked.app.name);
}
