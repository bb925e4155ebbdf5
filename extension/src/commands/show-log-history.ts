import { l10n } from 'vscode';
import { logText } from '../logs/log-text.ts';
import { readHistory } from '../logs/read-history.ts';
import type { Services } from '../services.ts';
import { pickApp, requireFeature } from './pick.ts';

/** The last lines of an app's logs in a read-only editor, to search and compare. */
export async function showLogHistory(services: Services, argument: unknown): Promise<void> {
  const picked = await pickApp(services, argument, l10n.t('Show the log history of which app?'));
  if (!picked) return;
  const { live, app } = picked;
  requireFeature(live, 'logs', l10n.t('Log history'));
  const text = logText(await readHistory(live, app.name)) || l10n.t('No log lines yet.');
  await services.documents.show('log', live.server.id, `${app.name}.log`, text, 'cloud-log');
}
