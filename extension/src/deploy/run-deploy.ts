import { randomUUID } from 'node:crypto';
import { describeError } from 'minicloud-shared/client/describe-error';
import { env, l10n, Uri, window } from 'vscode';
import type { Services } from '../services.ts';
import { confirmDeploy } from './confirm.ts';
import { followOperation, showUnsuccessful } from './follow-operation.ts';
import type { RequestedPlan } from './request-plan.ts';

export type DeployResult = 'deployed' | 'failed' | 'declined' | 'plan-changed';

/**
 * Deploys exactly what was planned, after asking where the consequences call for it. `idempotencyKey` belongs to the
 * plan that the person looks at, so that pressing twice starts one deploy.
 */
export async function runDeploy(
  services: Services,
  { plan, live, source, image }: RequestedPlan,
  idempotencyKey: string = randomUUID(),
): Promise<DeployResult> {
  const server = live.server.name;
  if (!(await confirmDeploy(plan, source.uri, server))) return 'declined';
  const started = await start(services, { plan, live, source, image }, idempotencyKey);
  if (!started) return 'plan-changed';
  const title = l10n.t('Deploying {0} to {1}', plan.app, server);
  const operation = await followOperation(services, live, started.operationId, title, plan.steps.length);
  if (!operation) return 'failed';
  if (operation.state !== 'succeeded') {
    showUnsuccessful(services, operation);
    return 'failed';
  }
  void offerToOpen(
    live.connection.snapshot.apps?.find(({ name }) => name === plan.app)?.urls[0]?.url ?? plan.urls[0],
    plan.app,
    started.release,
  );
  return 'deployed';
}

/** Undefined when the plan would now differ; the person has been told then. */
async function start(services: Services, { plan, live, source, image }: RequestedPlan, idempotencyKey: string) {
  try {
    return await live.api.deploys.start.mutate({
      manifest: source.text,
      fileName: source.fileName,
      planHash: plan.hash,
      idempotencyKey,
      ...(image ? { image } : {}),
    });
  } catch (error) {
    const problem = describeError(error, live.server.name);
    if (problem.code !== 'plan_changed') throw error;
    services.output.warn(`${problem.what}: ${problem.why}`);
    void window.showWarningMessage(
      l10n.t(
        '{0} changed on the server since this plan was made. Nothing was deployed; look at the new plan.',
        plan.app,
      ),
    );
    return undefined;
  }
}

async function offerToOpen(url: string | undefined, app: string, release: number): Promise<void> {
  const message = l10n.t('{0}: release {1} is live.', app, release);
  if (!url) {
    await window.showInformationMessage(message);
    return;
  }
  const open = l10n.t('Open in Browser');
  if ((await window.showInformationMessage(message, open)) === open) await env.openExternal(Uri.parse(url, true));
}
