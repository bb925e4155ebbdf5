import { randomUUID } from 'node:crypto';
import { describeError } from 'minicloud-shared/client/describe-error';
import { l10n, window } from 'vscode';
import { showError } from '../problems.ts';
import type { Services } from '../services.ts';
import { confirmDeploy } from './confirm.ts';
import { followOperation } from './follow-operation.ts';
import type { RequestedPlan } from './request-plan.ts';
import { tellDeployed, tellUnsuccessful } from './tell-result.ts';

export type DeployResult = 'deployed' | 'failed' | 'declined' | 'plan-changed';

/**
 * Deploys exactly what was planned, after asking where the consequences call for it. `retry` is offered when it failed:
 * only the caller knows where the plan came from. `idempotencyKey` belongs to the plan that the person looks at, so that
 * pressing twice starts one deploy.
 */
export async function runDeploy(
  services: Services,
  requested: RequestedPlan,
  retry: () => Promise<void>,
  idempotencyKey: string = randomUUID(),
): Promise<DeployResult> {
  const { plan, live, source } = requested;
  const server = live.server.name;
  if (!(await confirmDeploy(plan, source.uri, server))) return 'declined';
  const started = await startDeploy(requested, idempotencyKey);
  if (!started) {
    void window.showWarningMessage(planChanged(plan.app));
    return 'plan-changed';
  }
  const title = l10n.t('Deploying {0} to {1}', plan.app, server);
  const operation = await followOperation(services, live, started.operationId, title, plan.steps.length);
  if (!operation) return 'failed';
  // Not awaited: the deploy is over, whether or not the person reads the message.
  if (operation.state === 'succeeded') void tellDeployed(services, live, plan.app, started.release);
  else tellUnsuccessful(services, live, operation, retry).catch((error: unknown) => showError(services.output, error));
  return operation.state === 'succeeded' ? 'deployed' : 'failed';
}

/** Starts the deploy of exactly this plan. Undefined when the plan would now differ: nothing was changed then. */
export async function startDeploy(
  { plan, live, source, image }: RequestedPlan,
  idempotencyKey: string,
): Promise<{ operationId: string; release: number } | undefined> {
  try {
    return await live.api.deploys.start.mutate({
      manifest: source.text,
      fileName: source.fileName,
      planHash: plan.hash,
      idempotencyKey,
      ...(image ? { image } : {}),
    });
  } catch (error) {
    if (describeError(error).code === 'plan_changed') return undefined;
    throw error;
  }
}

export function planChanged(app: string): string {
  return l10n.t('{0} changed on the server since this plan was made. Nothing was deployed; look at the new plan.', app);
}
