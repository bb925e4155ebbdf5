import { l10n, Uri, window } from 'vscode';
import { runDeploy } from '../deploy/run-deploy.ts';
import { trusted } from '../deploy/trust.ts';
import type { ShownPlan } from '../plan/plan-documents.ts';
import type { Services } from '../services.ts';
import { planAgain } from './plan-manifest.ts';

/** Deploys the plan that is shown, and only it: the server refuses when it would now differ. */
export async function applyPlan(services: Services, argument: unknown): Promise<void> {
  if (!trusted()) return;
  const { plans } = services;
  const uri = argument instanceof Uri ? argument : plans.active();
  const shown = uri && plans.get(uri);
  if (!uri || !shown) return;
  if (shown.outdated !== undefined) {
    const again = await planAgain(services, shown);
    if (!again) return;
    void window.showWarningMessage(l10n.t('{0} Nothing was deployed; look at the new plan.', shown.outdated));
    await plans.show(again);
    return;
  }
  const retry = async (): Promise<void> => {
    const again = await planAgain(services, shown);
    if (again) await applyPlan(services, await plans.show(again));
  };
  const result = await plans.whileApplied(shown, () => runDeploy(services, shown, retry, shown.idempotencyKey));
  if (result === 'deployed') {
    await plans.close(uri);
    await settleProposal(shown);
  } else if (result === 'plan-changed') {
    const again = await planAgain(services, shown);
    if (again) await plans.show(again);
  } else if (result === 'failed') {
    // The next try is another deploy, not the answer of this one again.
    plans.replace(shown);
  }
}

/** The server knows a proposal by its plan: one that had to be planned again is answered by hand. */
async function settleProposal({ live, plan: deployed, proposal }: ShownPlan): Promise<void> {
  const known = live.connection.snapshot.proposals.find(({ id }) => id === proposal);
  if (known && known.planHash !== deployed.hash) await live.api.proposals.discard.mutate({ id: known.id });
}
