/**
 * Deploys: plan, apply, roll back, delete. The use cases that API, CLI and editor call; each long one is an operation.
 */
import type { Diagnostic } from 'minicloud-shared/manifest/model';
import type { Plan } from 'minicloud-shared/model/plan';
import { ProblemError } from 'minicloud-shared/model/problem';
import { releaseCan } from 'minicloud-shared/model/release';
import type { ImageInfo } from '../adapters/engine/contract.ts';
import { type AppRow, ensureApp, findApp, requireApp } from '../apps/apps.ts';
import type { Cloud, Principal } from '../context.ts';
import { manifestDomains } from '../domains/domains.ts';
import { manifestUrls } from '../overview/overview.ts';
import {
  findRelease,
  newestVersion,
  type ReleaseRow,
  requireRelease,
  resolvedOf,
  toRelease,
} from '../releases/releases.ts';
import { plannedEnv } from '../services/services.ts';
import type { Desired } from './desired.ts';
import { queueRelease, type Started, sameOperation } from './enqueue.ts';
import { type ImageData, imageDataOf } from './image-data.ts';
import { observe } from './observe.ts';
import { deploySteps, nothingObserved, type Step, shownPlan } from './plan.ts';
import { type ResolvedDeploy, type ResolveInput, resolve } from './resolve.ts';
import { desiredWith, planChanged } from './run.ts';

/** How long an image may take to arrive while a plan is made; its stalls have a deadline of their own. */
const resolveMs = 30 * 60_000;

export interface PlanResult {
  /** Absent when a diagnostic is an error. */
  plan?: Plan;
  diagnostics: Diagnostic[];
}

/** What a deploy would change. Changes nothing, but for images that it fetches. */
export async function createPlan(cloud: Cloud, input: ResolveInput, signal?: AbortSignal): Promise<PlanResult> {
  const result = await resolve(cloud, input, { signal: bounded(signal) });
  if (!result.ok) return { diagnostics: result.diagnostics };
  const { plan } = await planFor(cloud, result.deploy);
  return { plan, diagnostics: result.diagnostics };
}

export interface DeployInput extends ResolveInput {
  /** Hash of the plan that a person saw; the deploy is refused when the plan would now differ. */
  planHash?: string | undefined;
  /** The same key for the same app is the same operation. */
  idempotencyKey?: string | undefined;
}

/** Makes the release and queues the operation that brings it up. Throws `manifest_invalid` with every error as evidence. */
export async function startDeploy(
  cloud: Cloud,
  by: Principal,
  input: DeployInput,
  signal?: AbortSignal,
): Promise<Started> {
  const result = await resolve(cloud, input, { signal: bounded(signal) });
  if (!result.ok) throw invalid(input.fileName ?? 'cloud_manifest.yml', result.diagnostics);
  const { deploy } = result;
  const name = deploy.resolved.manifest.name;
  const repeated = await sameOperation(cloud, name, input.idempotencyKey);
  if (repeated) return repeated;
  let expectedServing: number | null | undefined;
  if (input.planHash !== undefined) {
    const { plan } = await planFor(cloud, deploy);
    if (plan.hash !== input.planHash) throw planChanged(name);
    expectedServing = plan.fromRelease ?? null;
  }
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
    expectedServing,
  });
}

export interface RollbackInput {
  app: string;
  /** The release before the one that serves when not given. */
  version?: number | undefined;
  idempotencyKey?: string | undefined;
}

/** Appends a release that is what an earlier one was: image, manifest and support images together. */
export async function startRollback(cloud: Cloud, by: Principal, input: RollbackInput): Promise<Started> {
  const app = await requireApp(cloud, input.app);
  const repeated = await sameOperation(cloud, app.name, input.idempotencyKey);
  if (repeated) return repeated;
  const target =
    input.version === undefined
      ? await previousRelease(cloud, app)
      : await requireRelease(cloud, app.id, app.name, input.version);
  const state = toRelease(target, app.name).state;
  if (!releaseCan[state].rollbackTo) throw notRollbackTarget(app, target);
  if (!(await cloud.engine.inspectImage(target.image_id))) throw imageGone(app, target);
  return queueRelease(cloud, by, app, {
    kind: 'rollback',
    reason: `rollback to ${target.version}`,
    text: target.manifest_text,
    manifest_json: target.manifest_json,
    image: target.image,
    image_id: target.image_id,
    digest: target.digest,
    idempotencyKey: input.idempotencyKey,
    expectedServing: undefined,
  });
}

/** The plan for a resolved deploy, with what it was made from. */
async function planFor(cloud: Cloud, deploy: ResolvedDeploy): Promise<{ plan: Plan; wanted: Desired; steps: Step[] }> {
  const name = deploy.resolved.manifest.name;
  const known = await findApp(cloud, name);
  // An app that is not there yet is planned with the numbers it would get, except its id, which the plan does not show.
  const app: AppRow = known ?? {
    id: 'new',
    name,
    kind: 'container',
    environment: deploy.resolved.manifest.environment,
    subnet: 0,
    serving: null,
    created_at: 0,
    updated_at: 0,
    deleting_at: null,
  };
  const version = known ? (await newestVersion(cloud.db, known.id)) + 1 : 1;
  const release = { version, image: deploy.image, image_id: deploy.info.id, digest: deploy.info.digest };
  const wanted = desiredWith(cloud, app, release, deploy.resolved, plannedEnv(deploy.resolved.manifest));
  const observed = known ? await observe(cloud, app) : nothingObserved;
  const steps = deploySteps(wanted, observed);
  const served = app.serving === null ? undefined : await findRelease(cloud.db, app.id, app.serving);
  const before = served && resolvedOf(served).manifest;
  const plan = shownPlan({
    desired: wanted,
    previous:
      served && before
        ? {
            version: served.version,
            image: served.image,
            digest: served.digest,
            manifest: before,
            domains: manifestDomains(before, cloud.config.serverDomain),
            imageData: (await servedData(cloud, served)).filter(({ support }) => goes(support, steps, wanted)),
          }
        : undefined,
    image: release.image,
    digest: release.digest,
    steps,
    urls: manifestUrls(cloud, wanted.manifest).map(({ url }) => url),
    imageData: imageDataOf(wanted.manifest, deploy.info, deploy.supportInfos),
    extraNotes: deploy.notes,
  });
  return { plan, wanted, steps };
}

/** Every container of a release that keeps data without storage; what its images say, where they are still here. */
async function servedData(cloud: Cloud, served: ReleaseRow): Promise<ImageData[]> {
  const { manifest, supportImages } = resolvedOf(served);
  const support = new Map<string, ImageInfo>();
  for (const [name, id] of Object.entries(supportImages)) {
    const info = await cloud.engine.inspectImage(id);
    if (info) support.set(name, info);
  }
  return imageDataOf(manifest, await cloud.engine.inspectImage(served.image_id), support);
}

/** Replicas are always replaced; a support container when there is a step for it, or when it is no longer wanted. */
function goes(support: string | undefined, steps: readonly Step[], wanted: Desired): boolean {
  if (support === undefined) return true;
  const replaced = steps.some(({ action }) => action.kind === 'support' && action.container.process === support);
  return replaced || !wanted.support.some(({ process }) => process === support);
}

async function previousRelease(cloud: Cloud, app: AppRow): Promise<ReleaseRow> {
  for (let version = (app.serving ?? 0) - 1; version > 0; version -= 1) {
    const row = await findRelease(cloud.db, app.id, version);
    if (row && releaseCan[toRelease(row, app.name).state].rollbackTo) return row;
  }
  throw new ProblemError({
    code: 'conflict',
    what: 'There is nothing to roll back to',
    object: `app ${app.name}`,
    why: app.serving === null ? 'No release of it has served yet.' : `No release before ${app.serving} has served.`,
    still: app.serving === null ? '' : `Release ${app.serving} still serves.`,
    remedy: `See \`minicloud releases ${app.name}\`, or deploy what you want.`,
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

function notRollbackTarget(app: AppRow, target: ReleaseRow): ProblemError {
  return new ProblemError({
    code: 'conflict',
    what: 'This release can not be rolled back to',
    object: `release ${target.version} of ${app.name}`,
    why: target.state === 'current' ? 'It serves already.' : `Its state is ${target.state}: it never served.`,
    still: 'Nothing was changed.',
    remedy: `See \`minicloud releases ${app.name}\` for those that did serve.`,
  });
}

function imageGone(app: AppRow, target: ReleaseRow): ProblemError {
  return new ProblemError({
    code: 'image_not_found',
    what: 'The image of this release is gone',
    object: `image ${target.image} of release ${target.version} of ${app.name}`,
    why: `${target.digest} is not on this machine any more.`,
    still: 'Nothing was changed.',
    remedy: `Deploy the image again: \`minicloud deploy ${app.name} --image ${target.image}\`.`,
  });
}
