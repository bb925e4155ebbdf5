import { eachManifest } from '../deploy/manifest-source.ts';
import { runDeploy } from '../deploy/run-deploy.ts';
import { showError } from '../problems.ts';
import type { Services } from '../services.ts';
import { plan } from './plan-manifest.ts';

/** Plans a manifest and deploys that plan, asking first where the consequences call for it. */
export async function deployManifest(
  services: Services,
  argument: unknown,
  selected?: readonly unknown[],
): Promise<void> {
  const one = (manifest: unknown): Promise<void> => deployOne(services, manifest);
  await eachManifest(argument, selected, one, (error) => void showError(services.output, error));
}

async function deployOne(services: Services, argument: unknown): Promise<void> {
  const planned = await plan(services, argument);
  if (!planned) return;
  const { uri } = planned.source;
  const result = await runDeploy(services, planned, () => deployOne(services, uri));
  if (result !== 'plan-changed') return;
  const again = await plan(services, uri);
  if (again) await services.plans.show(again);
}
