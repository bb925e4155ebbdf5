import type { Diagnostic } from 'minicloud-shared/manifest/model';
import { l10n, ProgressLocation, Uri, window } from 'vscode';
import { eachManifest, findManifest, readManifest } from '../deploy/manifest-source.ts';
import { preparePlan, type RequestedPlan, requestPlan } from '../deploy/request-plan.ts';
import { trusted } from '../deploy/trust.ts';
import type { ShownPlan } from '../plan/plan-documents.ts';
import { showError } from '../problems.ts';
import type { Services } from '../services.ts';
import { requireFeature } from './pick.ts';

/** Shows what deploying a manifest would change, and what that would cause; of a plan that is open, what it would by now. Changes nothing. */
export async function planManifest(
  services: Services,
  argument: unknown,
  selected?: readonly unknown[],
): Promise<void> {
  const one = async (manifest: unknown): Promise<void> => {
    const shown = manifest instanceof Uri ? services.plans.get(manifest) : undefined;
    const planned = await (shown ? planAgain(services, shown) : plan(services, manifest));
    if (planned) await services.plans.show(planned);
  };
  await eachManifest(argument, selected, one, (error) => void showError(services.output, error));
}

/**
 * The plan of the manifest that a command is about. Undefined when the person stopped or has been told why not.
 * `onDiagnostics` is told what the server found in the manifest.
 */
export async function plan(
  services: Services,
  argument: unknown,
  onDiagnostics?: (found: readonly Diagnostic[]) => void,
): Promise<RequestedPlan | undefined> {
  if (!trusted()) return undefined;
  const uri = await findManifest(argument);
  if (!uri) return undefined;
  const request = await preparePlan(services, await readManifest(uri));
  if (!request) return undefined;
  requireFeature(request.live, 'plans', l10n.t('Planning'));
  const title = l10n.t('Planning on {0}', request.live.server.name);
  return window.withProgress({ location: ProgressLocation.Window, title }, () =>
    requestPlan(services, request, onDiagnostics),
  );
}

/** The same manifest against what the server runs now: the file's, or the one that was proposed. */
export async function planAgain(services: Services, shown: ShownPlan): Promise<RequestedPlan | undefined> {
  const { live, source, image, proposal } = shown;
  if (proposal === undefined) return plan(services, source.uri);
  const again = await requestPlan(services, { live, source, ...(image === undefined ? {} : { image }) });
  return again && { ...again, proposal };
}
