import { l10n } from 'vscode';
import type { Services } from '../services.ts';
import { pickApp, requireFeature } from './pick.ts';

/** Shows what an app uses and how it answers, as curves and as tables. */
export async function showMetrics(services: Services, argument: unknown): Promise<void> {
  const picked = await pickApp(services, argument, l10n.t('Show the metrics of which app?'));
  if (!picked) return;
  requireFeature(picked.live, 'metrics', l10n.t('Metrics'));
  services.metrics.show(picked.live, picked.app.name);
}
