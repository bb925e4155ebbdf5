import { Uri } from 'vscode';
import { runDeploy } from '../deploy/run-deploy.ts';
import { trusted } from '../deploy/trust.ts';
import type { Services } from '../services.ts';
import { plan } from './plan-manifest.ts';

/** Deploys the plan that is shown, and only it: the server refuses when it would now differ. */
export async function applyPlan(services: Services, argument: unknown): Promise<void> {
  if (!trusted()) return;
  const { plans } = services;
  const uri = argument instanceof Uri ? argument : plans.active();
  const shown = uri && plans.get(uri);
  if (!uri || !shown) return;
  const result = await runDeploy(services, shown, shown.idempotencyKey);
  if (result === 'deployed') await plans.close(uri);
  else if (result === 'plan-changed') {
    const again = await plan(services, shown.source.uri);
    if (again) await plans.show(again);
  } else if (result === 'failed') {
    // The next try is another deploy, not the answer of this one again.
    plans.replace(shown);
  }
}
