/** The plan as it is shown, for what was resolved: of a deploy and of a rollback alike. Changes nothing. */
import { dataParts } from 'minicloud-shared/model/app';
import { dataAtRisk, type Plan } from 'minicloud-shared/model/plan';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { ImageInfo } from '../adapters/engine/contract.ts';
import { type AppRow, findApp, subnetOf } from '../apps/apps.ts';
import { type Config, configEnv, configNames, configOf, currentConfig, noConfig } from '../configs/configs.ts';
import type { Cloud } from '../context.ts';
import { manifestDomains } from '../domains/domains.ts';
import { manifestUrls } from '../overview/overview.ts';
import { releaseLabel, roleLabel } from '../processes/processes.ts';
import { findRelease, newestVersion, type ReleaseRow, resolvedOf } from '../releases/releases.ts';
import { appBindings, plannedEnv, serviceReplacements } from '../services/services.ts';
import { newestDeleted } from '../trash/trash.ts';
import { appVolumes, knownVolumes } from '../volumes/volumes.ts';
import { configChanges, configNotes, refuseTaken } from './config-plan.ts';
import type { Desired } from './desired.ts';
import { networkFull } from './execute.ts';
import { type ImageData, imageDataOf } from './image-data.ts';
import { observe } from './observe.ts';
import { deploySteps, nothingObserved, type Observed, type Step, shownPlan } from './plan.ts';
import type { ResolvedDeploy } from './resolve.ts';
import { desiredWith } from './run.ts';

export interface ToPlan extends Omit<ResolvedDeploy, 'text'> {
  /** The release of which this is a repetition. */
  rollbackTo?: number;
  /** In place of what is stored: what is about to be. */
  config?: Config;
}

export interface Planned {
  plan: Plan;
  /** Version of the config that was stored then; the plan's hash is over it. */
  config: number;
}

/** Throws `manifest_invalid` when what was resolved can not run as one app. */
export async function planFor(cloud: Cloud, deploy: ToPlan): Promise<Planned> {
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
  const { manifest } = deploy.resolved;
  const stored = known ? await currentConfig(cloud, known) : noConfig;
  const config = deploy.config ?? stored;
  refuseTaken(app, manifest, config);
  // A plan holds no value: what a variable is stands in for it, and the version for what it is now.
  const standIns = Object.keys(configEnv(config, manifest)).map((each) => [each, `config ${config.version}`]);
  const env = { bindingEnv: plannedEnv(manifest), configEnv: Object.fromEntries(standIns) };
  const wanted = desiredWith(cloud, app, release, deploy.resolved, env, await knownVolumes(cloud, app));
  const observed = await withReplacements(cloud, wanted, known ? await observe(cloud, app) : nothingObserved);
  requireRoom(wanted, observed, subnetOf(cloud.config.networkPool, app.subnet).replicas.length);
  const steps = deploySteps(wanted, observed);
  const served = app.serving === null ? undefined : await findRelease(cloud.db, app.id, app.serving);
  const before = served && resolvedOf(served).manifest;
  const servedConfig = served ? await configOf(cloud, app, served) : noConfig;
  const plan = shownPlan({
    desired: wanted,
    config: configChanges({ config: servedConfig, manifest: before }, { config, manifest, stored: stored.version }),
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
    extraNotes: [
      ...new Set(deploy.notes),
      ...configNotes(manifest, config, deploy.rollbackTo === undefined ? undefined : stored),
      ...(await dataNotes(cloud, name, known)),
    ],
    ...(deploy.rollbackTo === undefined ? {} : { rollbackTo: deploy.rollbackTo }),
  });
  return { plan, config: stored.version };
}

/** What a first deploy finds: what was restored, or was made for one that failed; or what is kept of a deleted app. */
async function dataNotes(cloud: Cloud, name: string, known: AppRow | undefined): Promise<string[]> {
  if (known && known.serving !== null) return [];
  if (known) {
    const [volumes, databases, config] = await Promise.all([
      appVolumes(cloud, known),
      appBindings(cloud, known),
      configNames(cloud.db, known),
    ]);
    const there = dataParts({ volumes, databases, config });
    if (there.length === 0) return [];
    return [
      `${name} has data already: ${there.join(', ')}. This deploy uses what it asks for and leaves the rest as it is.`,
    ];
  }
  const kept = await newestDeleted(cloud, name);
  if (!kept || dataParts(kept).length === 0) return [];
  const until = new Date(kept.keptUntil).toISOString().slice(0, 10);
  return [
    `The data of a deleted ${name} is kept until ${until}; this deploy begins without it. \`minicloud apps:restore ${name}\` brings it back, if that is done before.`,
  ];
}

const engineMs = 10_000;

/** What the plan does to a server that others use too is part of what a person agrees to. */
async function withReplacements(cloud: Cloud, wanted: Desired, observed: Observed): Promise<Observed> {
  const signal = AbortSignal.timeout(engineMs);
  const replaced = (await serviceReplacements(cloud, wanted.app, wanted.manifest, signal)).get('mariadb');
  return { ...observed, backing: { ...observed.backing, ...(replaced ? { replaced } : {}) } };
}

/** An app that serves with more replicas than its network has beside the new ones is told before anything is started. */
function requireRoom(wanted: Desired, observed: Observed, room: number): void {
  const { app, processes } = wanted;
  const beside = observed.containers.filter(
    ({ labels }) => labels[roleLabel] === 'process' && Number(labels[releaseLabel]) === app.serving,
  ).length;
  if (beside + processes.length > room) throw networkFull(app, { wanted: processes.length, beside, room });
}

/** What was asked for without the hash of its plan loses no data: throws `conflict` otherwise. `command` shows the plan. */
export function refuseUnasked(plan: Plan, doing: 'deploy' | 'rollback', command: string): void {
  const lost = dataAtRisk(plan);
  if (lost.length === 0) return;
  throw new ProblemError({
    code: 'conflict',
    what: `This ${doing} loses data, and was asked for without its plan`,
    object: `release ${plan.rollbackTo ?? plan.toRelease} of ${plan.app}`,
    why: `It would take away ${lost.join(', ')}.`,
    still: `Nothing was changed.${plan.fromRelease === undefined ? '' : ` Release ${plan.fromRelease} still serves.`}`,
    remedy: `Read the plan and give its hash with the ${doing}: \`${command}\` shows it and asks.`,
  });
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
