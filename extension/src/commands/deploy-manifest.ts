import { runDeploy } from '../deploy/run-deploy.ts';
import type { Services } from '../services.ts';
import { plan } from './plan-manifest.ts';

/** Plans a manifest and deploys that plan, asking first where the consequences call for it. */
export async function deployManifest(services: Services, argument: unknown): Promise<void> {
  const planned = await plan(services, argument);
  if (!planned) return;
  const { uri } = planned.source;
  const result = await runDeploy(services, planned, () => deployManifest(services, uri));
  if (result !== 'plan-changed') return;
  const again = await plan(services, uri);
  if (again) await services.plans.show(again);
}
