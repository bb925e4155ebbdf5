/** Sets config vars and secrets. A difference that a process of the serving release would see makes a new release. */
import type { ConfigPreview, ConfigSetResult } from 'minicloud-shared/model/config';
import { dataAtRisk } from 'minicloud-shared/model/plan';
import { ProblemError, toProblem } from 'minicloud-shared/model/problem';
import { type AppRow, appChanged, ensureApp, findApp, findAppById, refuseDeleting } from '../apps/apps.ts';
import {
  type Config,
  type ConfigEdit,
  configEnv,
  configOf,
  currentConfig,
  differences,
  edited,
  noConfig,
  otherVersion,
  preview,
  storeConfig,
} from '../configs/configs.ts';
import type { Cloud, Principal } from '../context.ts';
import { findRelease, type ReleaseRow, releasesInState, resolvedOf } from '../releases/releases.ts';
import { demandFirewall } from '../services/firewall.ts';
import { refuseTaken } from './config-plan.ts';
import { configReason, inTurn, queueInTurn, sameOperation } from './enqueue.ts';
import { planFor } from './planned.ts';
import { imageOf } from './release-images.ts';

export interface ConfigInput extends ConfigEdit {
  app: string;
  /** Makes the app when it is not there: its values wait for its first deploy. */
  create?: boolean | undefined;
  /** False: stored, and used from the next deploy on. */
  deploy?: boolean | undefined;
  /** Throws `conflict` when another version is stored by now. */
  expectVersion?: number | undefined;
  idempotencyKey?: string | undefined;
}

/** What setting these would do to each name. Of an app that is not there nothing is set. */
export async function previewConfig(
  cloud: Cloud,
  { app: name, ...edit }: ConfigEdit & { app: string },
): Promise<ConfigPreview> {
  const app = await findApp(cloud, name);
  return preview(name, app ? await currentConfig(cloud, app) : noConfig, edit);
}

/**
 * Stores the values, and deploys what serves with them when one of its processes would see a difference: also one that
 * was stored before. Throws `conflict` for what can't be, and for a deploy that would lose data of a container.
 */
export async function setConfig(cloud: Cloud, by: Principal, input: ConfigInput): Promise<ConfigSetResult> {
  const app = await appOf(cloud, input);
  // One turn for both: what came between would take the values for its own, or back.
  return inTurn(cloud, app, () => storeAndQueue(cloud, by, app, input));
}

async function storeAndQueue(
  cloud: Cloud,
  by: Principal,
  { id, name }: AppRow,
  input: ConfigInput,
): Promise<ConfigSetResult> {
  // As it is by now: the turn may have been waited for.
  const app = await findAppById(cloud, id);
  if (!app) throw notFound(name);
  refuseDeleting(app);
  const repeated = await sameOperation(cloud, by, app, { ...input, kind: 'deploy' });
  if (repeated) return resultOf(cloud, app, repeated.release, repeated.operationId);
  const { stored, changed, base } = await store(cloud, by, app, input);
  if (!base) return { version: stored.version, changed };
  try {
    const { operationId } = await queueInTurn(cloud, by, app, {
      kind: 'deploy',
      reason: reasonOf(await configOf(cloud, app, base), stored),
      text: base.manifest_text,
      manifest_json: base.manifest_json,
      image: base.image,
      image_id: base.image_id,
      digest: base.digest,
      idempotencyKey: input.idempotencyKey,
      expected: { configAlone: true },
    });
    return { version: stored.version, changed, operation: operationId };
  } catch (error) {
    throw new ProblemError(
      {
        ...toProblem(error),
        still: `The values are stored as version ${stored.version}; what serves has them not yet.`,
      },
      { cause: error },
    );
  }
}

/** Checks all that can be checked first. `base` is what is to be deployed with the new values. */
async function store(
  cloud: Cloud,
  by: Principal,
  app: AppRow,
  input: ConfigInput,
): Promise<{ stored: Config; changed: string[]; base: ReleaseRow | undefined }> {
  const before = await currentConfig(cloud, app);
  if (input.expectVersion !== undefined && input.expectVersion !== before.version)
    throw otherVersion(app, input.expectVersion, before.version);
  const next = edited(app.name, before, input, { at: cloud.clock.now(), by: by.name });
  const changed = differences(before, next).map(({ name }) => name);
  const latest = await latestRelease(cloud, app);
  if (latest) refuseAgainst(app, latest, input, next);
  const base = input.deploy !== false && latest && (await wouldSee(cloud, app, latest, next)) ? latest : undefined;
  if (base) {
    await refuseLoss(cloud, app, base, next);
    await demandFirewall(cloud);
    cloud.operations.requireRoom(app.name);
  }
  if (changed.length === 0) return { stored: before, changed, base };
  await storeConfig(cloud, app, { by: by.name }, before, next);
  await appChanged(cloud, app, by.name);
  return { stored: next, changed, base };
}

/** The release that is on its way, else the one that serves: what was asked for last is not to be undone by this. */
async function latestRelease(cloud: Cloud, app: AppRow): Promise<ReleaseRow | undefined> {
  const open = await Promise.all([
    releasesInState(cloud.db, app.id, 'pending'),
    releasesInState(cloud.db, app.id, 'deploying'),
  ]);
  const [newest] = open.flat().sort((a, b) => b.version - a.version);
  return newest ?? (app.serving === null ? undefined : findRelease(cloud.db, app.id, app.serving));
}

async function wouldSee(cloud: Cloud, app: AppRow, release: ReleaseRow, next: Config): Promise<boolean> {
  const { manifest } = resolvedOf(release);
  const had = configEnv(await configOf(cloud, app, release), manifest);
  const has = configEnv(next, manifest);
  const names = new Set([...Object.keys(had), ...Object.keys(has)]);
  return [...names].some((name) => had[name] !== has[name]);
}

function refuseAgainst(app: AppRow, release: ReleaseRow, { unset }: ConfigEdit, next: Config): void {
  const { manifest } = resolvedOf(release);
  refuseTaken(app, manifest, next);
  const listed = unset.find((name) => manifest.secrets.includes(name));
  if (listed === undefined) return;
  throw new ProblemError({
    code: 'conflict',
    what: 'The secret is in use',
    object: `${listed} of ${app.name}`,
    why: `The manifest of release ${release.version} lists it under \`secrets\`.`,
    still: 'Nothing was changed.',
    remedy: `Take ${listed} out of \`secrets\` and deploy; then unset it.`,
  });
}

/** Nobody has seen a plan: what lives in a container without storage would go with it. */
async function refuseLoss(cloud: Cloud, app: AppRow, base: ReleaseRow, config: Config): Promise<void> {
  const resolved = resolvedOf(base);
  const { info, supportInfos } = await imageOf(cloud, app, base);
  const { plan } = await planFor(cloud, { resolved, image: base.image, info, supportInfos, notes: [], config });
  const lost = dataAtRisk(plan);
  if (lost.length === 0) return;
  throw new ProblemError({
    code: 'conflict',
    what: 'To deploy this would lose data',
    object: `app ${app.name}`,
    why: `Its containers would be replaced, and with them would go ${lost.join(', ')}.`,
    still: `Nothing was changed. Release ${app.serving ?? base.version} still serves.`,
    remedy: `Store it without a deploy (\`--no-deploy\`); \`minicloud deploy ${app.name}\` then shows the plan and asks.`,
  });
}

function reasonOf(before: Config, next: Config): string {
  const found = differences(before, next);
  const words = (['set', 'unset'] as const).flatMap((word) => {
    const names = found.filter(({ change }) => (change === 'removed') === (word === 'unset')).map(({ name }) => name);
    return names.length === 0 ? [] : [`${word} ${shortened(names)}`];
  });
  return `${configReason}${words.join('; ')}`;
}

const mostNames = 10;

function shortened(names: readonly string[]): string {
  const more = names.length - mostNames;
  return more > 1 ? `${names.slice(0, mostNames).join(', ')} and ${more} more` : names.join(', ');
}

/** Of a request that was carried out before: what it stored, as far as it is told apart by its time. */
async function resultOf(cloud: Cloud, app: AppRow, version: number, operation: string): Promise<ConfigSetResult> {
  const release = await findRelease(cloud.db, app.id, version);
  const config = release ? await configOf(cloud, app, release) : noConfig;
  const newest = Math.max(0, ...[...config.values.values()].map(({ at }) => at));
  const changed = [...config.values].filter(([, { at }]) => at === newest).map(([name]) => name);
  return { version: config.version, changed: changed.sort(), operation };
}

async function appOf(cloud: Cloud, input: ConfigInput): Promise<AppRow> {
  const { app: name, create, expectVersion = 0 } = input;
  const known = await findApp(cloud, name);
  if (known) return known;
  if (create) {
    // No app is made for what is refused then.
    if (expectVersion !== 0) throw otherVersion({ name }, expectVersion, noConfig.version);
    edited(name, noConfig, input, { at: 0, by: '' });
    return ensureApp(cloud, { name, environment: 'production' });
  }
  throw notFound(name);
}

function notFound(name: string): ProblemError {
  return new ProblemError({
    code: 'not_found',
    what: 'There is no such app',
    object: `app ${name}`,
    why: 'No app on this server has this name.',
    still: 'Nothing was changed.',
    remedy: 'Correct the name, deploy its manifest first, or say that the app is to be made: `--create`.',
  });
}
