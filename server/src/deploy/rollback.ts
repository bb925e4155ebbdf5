/** Rollbacks: a release that is what an earlier one was, planned like a deploy and asked for by the plan's hash. */
import { missingFeatures, type RequiredFeature } from 'minicloud-shared/manifest/features';
import type { Plan } from 'minicloud-shared/model/plan';
import { ProblemError } from 'minicloud-shared/model/problem';
import { releaseCan } from 'minicloud-shared/model/release';
import { type AppRow, refuseDeleting, requireApp } from '../apps/apps.ts';
import { configOf } from '../configs/configs.ts';
import type { Cloud, Principal } from '../context.ts';
import { previousRelease, type ReleaseRow, requireRelease, resolvedOf, toRelease } from '../releases/releases.ts';
import { demandFirewall } from '../services/firewall.ts';
import { offeredFeatures } from '../system/system.ts';
import { queueRelease, type Started, sameOperation } from './enqueue.ts';
import { planFor, refuseUnasked } from './planned.ts';
import { imageOf } from './release-images.ts';
import { planChanged } from './run.ts';

export interface RollbackTarget {
  app: string;
  /** The release before the one that serves when not given. */
  version?: number | undefined;
}

/** What a rollback would change. Throws `conflict` when there is no such release to go back to. */
export async function planRollback(cloud: Cloud, input: RollbackTarget): Promise<Plan> {
  return (await planned(cloud, await requireApp(cloud, input.app), input.version)).plan;
}

export interface RollbackInput extends RollbackTarget {
  /** Hash of the plan that a person saw; the rollback is refused when the plan would now differ. */
  planHash?: string | undefined;
  idempotencyKey?: string | undefined;
}

/**
 * Appends a release that is what an earlier one was: image, manifest, support images and config together. Without the hash of
 * a plan only what puts no data at risk is done: throws `conflict` otherwise.
 */
export async function startRollback(cloud: Cloud, by: Principal, input: RollbackInput): Promise<Started> {
  const app = await requireApp(cloud, input.app);
  const repeated = await sameOperation(cloud, by, app, { ...input, kind: 'rollback' });
  if (repeated) return repeated;
  const { target, plan, config } = await planned(cloud, app, input.version);
  if (input.planHash === undefined) refuseUnasked(plan, 'rollback', `minicloud rollback ${app.name} ${target.version}`);
  else if (plan.hash !== input.planHash) throw planChanged(app.name);
  await demandFirewall(cloud);
  return queueRelease(cloud, by, app, {
    kind: 'rollback',
    reason: `rollback to ${target.version}`,
    text: target.manifest_text,
    manifest_json: target.manifest_json,
    image: target.image,
    image_id: target.image_id,
    digest: target.digest,
    idempotencyKey: input.idempotencyKey,
    // What serves by then is what was looked at for data: another release may hold some.
    expected: { serving: plan.fromRelease ?? null },
    configLike: target,
    expectedConfig: input.planHash === undefined ? undefined : config,
  });
}

async function planned(
  cloud: Cloud,
  app: AppRow,
  version: number | undefined,
): Promise<{ target: ReleaseRow; plan: Plan; config: number }> {
  refuseDeleting(app);
  const target =
    version === undefined
      ? await previousRelease(cloud, app, app.serving ?? 0)
      : await requireRelease(cloud, app.id, app.name, version);
  if (!releaseCan[toRelease(target, app.name).state].rollbackTo) throw notRollbackTarget(app, target);
  const resolved = resolvedOf(target);
  const missing = missingFeatures(resolved.manifest, offeredFeatures(cloud));
  if (missing.length > 0) throw notOffered(app, target, missing);
  const { info, supportInfos } = await imageOf(cloud, app, target);
  const found = await planFor(cloud, {
    resolved,
    image: target.image,
    info,
    supportInfos,
    notes: ['Volumes and databases keep what is in them now: only image, manifest and config go back.'],
    rollbackTo: target.version,
    config: await configOf(cloud, app, target),
  });
  return { target, ...found };
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

/** Settings of the server may have changed since it served. */
function notOffered(app: AppRow, target: ReleaseRow, missing: readonly RequiredFeature[]): ProblemError {
  return new ProblemError({
    code: 'not_available',
    what: 'This release asks for what this server does not do now',
    object: `release ${target.version} of ${app.name}`,
    why: missing.map(({ path, label }) => `${path}: ${label}.`).join(' '),
    still: 'Nothing was changed.',
    remedy: `Let the manifest of a new release do without, or ${[...new Set(missing.map(({ remedy }) => remedy))].join(' and ')}.`,
  });
}
