/**
 * One release brought up: from pending to current, or back to what was there before. The commit point is `serving` in
 * the database: before it a failure takes the new replicas away, after it an interruption is carried forward.
 */
import type { Problem } from 'minicloud-shared/model/problem';
import { ProblemError, toProblem } from 'minicloud-shared/model/problem';
import { type AppRow, findAppById, refuseDeleting } from '../apps/apps.ts';
import { configEnv, configOf, failedBelow } from '../configs/configs.ts';
import type { Cloud } from '../context.ts';
import { dropDomains, manifestDomains } from '../domains/domains.ts';
import type { OperationRun } from '../platform/operation-run.ts';
import { appLabel, releaseLabel } from '../processes/processes.ts';
import {
  findRelease,
  type ReleaseRow,
  type Resolved,
  releasesInState,
  requireRelease,
  resolvedOf,
  saveReceipt,
} from '../releases/releases.ts';
import { applyAppRoutes } from '../routes/routes.ts';
import { demandFirewall } from '../services/firewall.ts';
import { bindingEnv, serviceAliases } from '../services/services.ts';
import { type KnownVolumes, knownVolumes } from '../volumes/volumes.ts';
import { type Desired, type DesiredInput, desired } from './desired.ts';
import { execute, type Run, receiptOf, removeContainers } from './execute.ts';
import { observe } from './observe.ts';
import { deploySteps } from './plan.ts';
import { announce, changeState, makeCurrent, serveAgain } from './serving.ts';

/** What must be so when a deploy comes to its turn. */
export interface Expected {
  /** Release that serves; undefined accepts any. */
  serving?: number | null | undefined;
  /** What serves is of the same image and manifest: nothing but config is to be different. */
  configAlone?: boolean;
}

/** Runs the deploy of a pending release to its end. Throws what failed, with what still serves. */
export async function runRelease(
  cloud: Cloud,
  appId: string,
  version: number,
  operation: OperationRun,
  expected: Expected = {},
): Promise<void> {
  const app = await findAppById(cloud, appId);
  if (!app) throw appGone(appId);
  const release = await requireRelease(cloud, app.id, app.name, version);
  try {
    // Both were asked when this was queued, and may be otherwise by now.
    refuseDeleting(app);
    await demandFirewall(cloud);
  } catch (error) {
    await neverRan(cloud, app, release, toProblem(error));
    throw error;
  }
  const run = await runOf(cloud, app, release, operation);
  await changeState(cloud, app, release, 'deploying', {});
  try {
    if (expected.serving !== undefined && app.serving !== expected.serving) throw planChanged(app.name);
    if (expected.configAlone) await refuseOther(cloud, app, release);
    await refuseFailedBelow(cloud, app, release);
    await execute(run, deploySteps(run.desired, await observe(cloud, app, operation.signal)));
  } catch (error) {
    run.prober?.stop();
    const problem = await undo(run, app, release, error);
    throw new ProblemError(problem, { cause: error });
  }
  await finished(run, release);
}

/** A release that was recorded and will not be run ends as failed: none stays pending for ever. */
export async function neverRan(cloud: Cloud, app: AppRow, release: ReleaseRow, problem: Problem): Promise<void> {
  await changeState(cloud, app, release, 'failed', { problem });
  await giveBackDomains(cloud, app);
}

/** A run of the release that has done nothing yet. */
export async function runOf(cloud: Cloud, app: AppRow, release: ReleaseRow, operation: OperationRun): Promise<Run> {
  return {
    cloud,
    app,
    desired: await desiredOf(cloud, app, release),
    operation,
    containers: new Map(),
    switched: false,
    probes: { sent: 0, failed: 0 },
    finish: (self) => finish(self, release),
  };
}

/** The last word on a run that came to its end. */
export async function finished(run: Run, release: ReleaseRow): Promise<void> {
  const { cloud, app } = run;
  run.prober?.stop();
  await saveReceipt(cloud.db, app.id, release.version, receiptOf(run, release.digest));
  await announce(cloud, app.id, release.version);
}

/** What a stored release should look like, with its real bindings and config. */
export async function desiredOf(cloud: Cloud, app: AppRow, release: ReleaseRow): Promise<Desired> {
  const resolved = resolvedOf(release);
  const env = {
    bindingEnv: await bindingEnv(cloud, app, resolved.manifest),
    configEnv: configEnv(await configOf(cloud, app, release), resolved.manifest),
  };
  return desiredWith(cloud, app, release, resolved, env, await knownVolumes(cloud, app));
}

/** The same for any release, planned or stored, with the environment that is given. */
export function desiredWith(
  cloud: Cloud,
  app: AppRow,
  release: Pick<ReleaseRow, 'version' | 'image' | 'image_id'>,
  resolved: Resolved,
  env: Pick<DesiredInput, 'bindingEnv' | 'configEnv'>,
  volumes: KnownVolumes,
): Desired {
  return desired({
    installation: cloud.installation,
    networkPool: cloud.config.networkPool,
    serverDomain: cloud.config.serverDomain,
    app,
    version: release.version,
    resolved,
    imageId: release.image_id,
    image: release.image,
    ...env,
    serviceAliases: serviceAliases(cloud, resolved.manifest),
    volumes,
  });
}

/** The step `finish`: the new release is current, the one before it no longer. */
async function finish(run: Run, release: ReleaseRow): Promise<void> {
  const { cloud, app } = run;
  await makeCurrent(cloud, app, release, receiptOf(run, release.digest));
  await giveBackDomains(cloud, app);
}

/**
 * Gives back the names of the app that neither the serving release nor one on its way has; `except` is on its way out
 * itself.
 */
export async function giveBackDomains(cloud: Cloud, app: AppRow, except?: ReleaseRow): Promise<void> {
  const serving = (await findAppById(cloud, app.id))?.serving ?? null;
  const kept = await Promise.all([
    serving === null ? [] : findRelease(cloud.db, app.id, serving).then((row) => (row ? [row] : [])),
    releasesInState(cloud.db, app.id, 'pending'),
    releasesInState(cloud.db, app.id, 'deploying'),
  ]);
  const manifests = kept
    .flat()
    .filter((row) => row.version !== except?.version)
    .map((row) => resolvedOf(row).manifest);
  await dropDomains(
    cloud,
    app,
    manifests.flatMap((manifest) => manifestDomains(manifest, cloud.config.serverDomain)),
  );
}

/** Takes back what a failed run did; `before` is the app with the release that served, which goes on serving. */
export async function undo(run: Run, before: AppRow, release: ReleaseRow, error: unknown): Promise<Problem> {
  const { cloud } = run;
  const done = await findRelease(cloud.db, before.id, release.version);
  const problem = toProblem(error);
  if (done?.state === 'current') {
    // It serves; only tidying up failed. The next converge does it.
    return { ...problem, still: `Release ${release.version} serves; only old containers are left to remove.` };
  }
  let serves = !run.switched;
  let takenBack = false;
  try {
    if (run.switched) {
      await serveAgain(cloud, before, before.serving);
      serves = true;
      await applyAppRoutes(cloud, before.id);
    }
    const containers = await cloud.engine.listContainers({
      [appLabel]: before.id,
      [releaseLabel]: String(release.version),
    });
    await removeContainers(cloud, before, containers, false);
    await giveBackDomains(cloud, before, release);
    takenBack = true;
  } catch (undoing) {
    cloud.log.error('could not take back a failed release; the next converge will', {
      app: before.name,
      why: toProblem(undoing).why,
    });
  }
  const told: Problem = {
    ...problem,
    still: stillServes(before, run.switched && !takenBack),
  };
  // As long as the database says that it serves, it has not failed. What is not written down now is settled by a later
  // converge.
  if (!serves) return told;
  const receipt = receiptOf(run, release.digest);
  await changeState(cloud, before, release, 'failed', { problem: told, receipt }).catch((cause) =>
    cloud.log.error('the end of a release could not be recorded', { app: before.name, why: toProblem(cause).why }),
  );
  return told;
}

function stillServes(before: AppRow, unsettled: boolean): string {
  if (unsettled) return 'What answers now goes on; which release that is is settled as soon as it can be written down.';
  return before.serving === null ? 'No release of this app has served yet.' : `Release ${before.serving} still serves.`;
}

/** Throws `conflict` when what serves by now is not what a change of config was made for: it would be taken back by it. */
async function refuseOther(cloud: Cloud, app: AppRow, release: ReleaseRow): Promise<void> {
  const served = app.serving === null ? undefined : await findRelease(cloud.db, app.id, app.serving);
  if (served?.image_id === release.image_id && served.manifest_json === release.manifest_json) return;
  throw new ProblemError({
    code: 'conflict',
    what: 'The config was stored and not deployed',
    object: `release ${release.version} of ${app.name}`,
    why: 'It was to follow a release that did not come to serve; what serves has another image or manifest.',
    remedy: `Deploy when you want it used: \`minicloud deploy ${app.name}\`.`,
  });
}

/** Throws `conflict` when the config of the release is what a rollback brought back that has failed meanwhile. */
async function refuseFailedBelow(cloud: Cloud, app: AppRow, release: ReleaseRow): Promise<void> {
  const failed = await failedBelow(cloud.db, app.id, release);
  if (!failed) return;
  throw new ProblemError({
    code: 'conflict',
    what: 'Its config vars are those of a rollback that failed',
    object: `release ${release.version} of ${app.name}`,
    why: `It was asked for while release ${failed.version}, ${failed.reason}, was on its way, and would have the config of that one.`,
    remedy: `Look at what is stored (\`minicloud config ${app.name}\`, \`minicloud secrets ${app.name}\`), set what is missing, and deploy again.`,
  });
}

function appGone(id: string): ProblemError {
  return new ProblemError({
    code: 'not_found',
    what: 'The app is gone',
    object: `app ${id}`,
    why: 'It was deleted before its deploy came to its turn.',
    remedy: 'Deploy its manifest again to make it anew.',
  });
}

export function planChanged(app: string): ProblemError {
  return new ProblemError({
    code: 'plan_changed',
    what: 'The plan is no longer what you saw',
    object: `app ${app}`,
    why: 'The app, its image or the server changed since the plan was made.',
    still: 'Nothing was changed.',
    remedy: 'Make the plan again, read it, and apply that one.',
  });
}
