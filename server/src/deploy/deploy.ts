/** Deploys: plan and apply. The use cases that API, CLI and editor call; each long one is an operation. */
import type { Diagnostic } from 'minicloud-shared/manifest/model';
import type { Plan } from 'minicloud-shared/model/plan';
import { ProblemError } from 'minicloud-shared/model/problem';
import { ensureApp, findApp } from '../apps/apps.ts';
import type { Cloud, Principal } from '../context.ts';
import { demandFirewall } from '../services/firewall.ts';
import { queueRelease, type Started, sameOperation } from './enqueue.ts';
import { planFor, refuseUnasked } from './planned.ts';
import { type ResolveInput, resolve } from './resolve.ts';
import { planChanged } from './run.ts';

/** How long an image may take to arrive while a plan is made; its stalls have a deadline of their own. */
const resolveMs = 30 * 60_000;

export interface PlanResult {
  /** Absent when a diagnostic is an error. */
  plan?: Plan;
  diagnostics: Diagnostic[];
}

/** What a deploy would change. Changes nothing, but for images that it fetches. */
export async function createPlan(
  cloud: Cloud,
  by: Principal,
  input: ResolveInput,
  signal?: AbortSignal,
): Promise<PlanResult> {
  const result = await resolve(cloud, by, input, { signal: bounded(signal) });
  if (!result.ok) return { diagnostics: result.diagnostics };
  const { plan } = await planFor(cloud, result.deploy);
  return { plan, diagnostics: result.diagnostics };
}

export interface DeployInput extends ResolveInput {
  /** Hash of the plan that a person saw; the deploy is refused when the plan would now differ. */
  planHash?: string | undefined;
  /** The same key of the same token, for the same app, is the same operation. */
  idempotencyKey?: string | undefined;
}

/**
 * Makes the release and queues the operation that brings it up. Throws `manifest_invalid` with every error as evidence.
 * Without the hash of a plan only what puts no data at risk is done: throws `conflict` otherwise.
 */
export async function startDeploy(
  cloud: Cloud,
  by: Principal,
  input: DeployInput,
  signal?: AbortSignal,
): Promise<Started> {
  const result = await resolve(cloud, by, input, { signal: bounded(signal) });
  if (!result.ok) throw invalid(input.fileName ?? 'cloud_manifest.yml', result.diagnostics);
  const { deploy } = result;
  const name = deploy.resolved.manifest.name;
  const known = await findApp(cloud, name);
  const repeated = known && (await sameOperation(cloud, by, known, { ...input, kind: 'deploy' }));
  if (repeated) return repeated;
  const { plan, config } = await planFor(cloud, deploy);
  const agreed = input.planHash !== undefined;
  if (agreed && plan.hash !== input.planHash) throw planChanged(name);
  if (!agreed) refuseUnasked(plan, 'deploy', `minicloud deploy ${name}`);
  // Before the app is made: one without a release would only stand in the way of `restore`.
  await demandFirewall(cloud);
  const app = await ensureApp(cloud, { name, environment: deploy.resolved.manifest.environment });
  return queueRelease(cloud, by, app, {
    kind: 'deploy',
    reason: 'deploy',
    text: deploy.text,
    manifest_json: JSON.stringify(deploy.resolved),
    image: deploy.image,
    image_id: deploy.info.id,
    digest: deploy.info.digest,
    idempotencyKey: input.idempotencyKey,
    // Without a plan that was seen, whatever serves by then may be followed: people want the newest.
    expected: { serving: agreed ? (plan.fromRelease ?? null) : undefined },
    expectedConfig: agreed ? config : undefined,
  });
}

function bounded(signal: AbortSignal | undefined): AbortSignal {
  const deadline = AbortSignal.timeout(resolveMs);
  return signal ? AbortSignal.any([signal, deadline]) : deadline;
}

function invalid(fileName: string, diagnostics: Diagnostic[]): ProblemError {
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  const count = `${errors.length} error${errors.length === 1 ? '' : 's'}.`;
  // A manifest that is right, and ahead of this server, is told from one that is wrong.
  const ahead = errors.every(({ code }) => code === 'manifest/not-available');
  return new ProblemError({
    ...(ahead
      ? {
          code: 'not_available',
          what: 'The manifest asks for something that this server does not do yet',
          why: errors.map(({ message }) => message).join(' '),
          remedy: 'Take it out of the manifest, or update the server.',
        }
      : {
          code: 'manifest_invalid',
          what: 'The manifest has errors',
          why: count,
          remedy: 'Mend them and deploy again.',
        }),
    object: fileName,
    still: 'Nothing was changed.',
    evidence: errors.map(
      ({ range, code, message }) =>
        `${fileName}:${range.start.line + 1}:${range.start.character + 1}  ${code}  ${message}`,
    ),
  });
}
