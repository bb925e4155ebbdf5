import type { Plan } from 'minicloud-shared/model/plan';
import { l10n, type Uri, window, workspace } from 'vscode';
import { lossText } from '../plan/consent-text.ts';
import { verdict } from '../plan/plan-text.ts';

type Confirm = 'data' | 'downtime' | 'always';

/** Asks when the consequences are worth it. What puts data at risk is always named, whatever the setting says. */
export async function confirmDeploy(plan: Plan, manifest: Uri, server: string): Promise<boolean> {
  const setting = workspace.getConfiguration('minicloud', manifest).get<Confirm>('deploy.confirm', 'downtime');
  const atRisk = plan.consequence === 'data';
  const asks = atRisk || setting === 'always' || (setting === 'downtime' && plan.consequence === 'downtime');
  if (!asks) return true;
  const deploy = atRisk ? l10n.t('Deploy and Risk This Data') : l10n.t('Deploy');
  const question = l10n.t('Deploy {0} to {1}?', plan.app, server);
  const detail = atRisk ? lossText(plan, l10n.t) : verdict(plan, l10n.t);
  const chosen = await window.showWarningMessage(question, { modal: true, detail }, deploy);
  return chosen === deploy;
}
