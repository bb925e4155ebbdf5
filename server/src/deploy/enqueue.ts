/** Enqueue: a release and the operation that brings it up, in the order in which they were asked for. */
import type { Operation } from 'minicloud-shared/model/operation';
import { type Problem, toProblem } from 'minicloud-shared/model/problem';
import { type AppRow, appChanged } from '../apps/apps.ts';
import { currentConfig, restoreConfig } from '../configs/configs.ts';
import type { Cloud, Principal } from '../context.ts';
import { claimDomains, manifestDomains } from '../domains/domains.ts';
import type { RequestKey } from '../platform/operation-records.ts';
import { createQueue, type Queue } from '../platform/queue.ts';
import { insertRelease, type ReleaseRow, releasesInState, resolvedOf, toRelease } from '../releases/releases.ts';
import type { Db } from '../schema.ts';
import { type Expected, neverRan, planChanged, runRelease } from './run.ts';

export interface Started {
  operationId: string;
  app: string;
  release: number;
}

export interface NewRelease {
  kind: 'deploy' | 'rollback';
  reason: string;
  text: string;
  manifest_json: string;
  image: string;
  image_id: string;
  digest: string;
  idempotencyKey: string | undefined;
  /** Config that was planned with: throws `plan_changed` when another is stored by now. Undefined takes what is stored. */
  expectedConfig?: number | undefined;
  /** The config of an earlier release is stored again first, for this one to have. */
  configLike?: ReleaseRow;
  expected: Expected;
}

/** Many that ask at once get their numbers and their turns in one order: by app, one after another. */
const asking = new WeakMap<Cloud, Queue>();

/**
 * Records the release and queues its operation. A deploy takes the place of those of the same app that still wait:
 * people want the newest, and each of the others ends with a problem that says which that is. A rollback is what
 * somebody asked for by number: it neither overtakes nor is overtaken. Throws `busy` when too many wait.
 */
export async function queueRelease(cloud: Cloud, by: Principal, app: AppRow, input: NewRelease): Promise<Started> {
  return inTurn(cloud, app, () => queueInTurn(cloud, by, app, input));
}

/** `queueRelease` for who has the app's turn already. */
export async function queueInTurn(cloud: Cloud, by: Principal, app: AppRow, input: NewRelease): Promise<Started> {
  const repeated = await sameOperation(cloud, by, app, input);
  if (repeated) return repeated;
  cloud.operations.requireRoom(app.name);
  const release = await recorded(cloud, by, app, input);
  try {
    return await start(cloud, by, app, release, input);
  } catch (error) {
    await neverRan(cloud, app, release, toProblem(error));
    throw error;
  }
}

/** Runs work in the app's turn: what it finds stored, releases and config, changes by nobody else meanwhile. */
export async function inTurn<T>(cloud: Cloud, app: Pick<AppRow, 'id'>, work: () => Promise<T>): Promise<T> {
  const turns = asking.get(cloud) ?? createQueue();
  asking.set(cloud, turns);
  return turns.add(app.id, work);
}

/** The pending release, with the config that it is to have. */
async function recorded(cloud: Cloud, by: Principal, app: AppRow, input: NewRelease): Promise<ReleaseRow> {
  const { version: stored } = await currentConfig(cloud, app);
  if (input.expectedConfig !== undefined && stored !== input.expectedConfig) throw planChanged(app.name);
  const record = async (db: Db, config: number) =>
    insertRelease(db, {
      app_id: app.id,
      state: 'pending',
      manifest_text: input.text,
      manifest_json: input.manifest_json,
      image: input.image,
      image_id: input.image_id,
      digest: input.digest,
      reason: input.reason,
      by: by.name,
      created_at: cloud.clock.now(),
      config_version: config,
    });
  return input.configLike ? restoreConfig(cloud, app, by.name, input.configLike, record) : record(cloud.db, stored);
}

/** What the same token started with the same idempotency key: work of the same kind on the same app. */
export async function sameOperation(
  cloud: Cloud,
  by: Principal,
  app: Pick<AppRow, 'id' | 'name'>,
  { kind, idempotencyKey }: { kind: Operation['kind']; idempotencyKey?: string | undefined },
): Promise<Started | undefined> {
  const request = requestOf(by, idempotencyKey);
  const known = request && (await cloud.operations.find({ kind, app: app.name, appId: app.id, ...request }));
  return known && { operationId: known.id, app: app.name, release: known.release ?? 0 };
}

/** A key and whose it is; undefined without a key, and for the companion itself, which repeats nothing. */
export function requestOf(by: Principal, key: string | undefined): RequestKey | undefined {
  return key === undefined || !by.token ? undefined : { token: by.token.id, key };
}

async function start(
  cloud: Cloud,
  by: Principal,
  app: AppRow,
  release: ReleaseRow,
  input: NewRelease,
): Promise<Started> {
  const { version } = release;
  // Names are taken before anything runs, so that a conflict is told at once and not after minutes.
  await claimDomains(cloud, app, manifestDomains(resolvedOf(release).manifest, cloud.config.serverDomain));
  await cloud.events.append({
    by: by.name,
    app: app.name,
    body: { kind: 'release.changed', release: toRelease(release, app.name) },
  });
  await appChanged(cloud, app, by.name);
  // One that changes the config alone follows what waits, and stands for other such ones.
  const only = input.expected.configAlone ? await pendingConfigs(cloud, app) : undefined;
  const operation = await cloud.operations.start({
    kind: input.kind,
    app: app.name,
    appId: app.id,
    release: version,
    by: by.name,
    request: requestOf(by, input.idempotencyKey),
    ...(input.kind === 'deploy' ? { overtakes: (waiting: Operation) => overtaken(waiting, version, only) } : {}),
    neverRan: (problem) => neverRan(cloud, app, release, problem),
    run: (run) => runRelease(cloud, app.id, version, run, input.expected),
  });
  return { operationId: operation.id, app: app.name, release: version };
}

/** `only`: releases that may be overtaken, any when not given. */
function overtaken(waiting: Operation, by: number, only: ReadonlySet<number> | undefined): Problem | undefined {
  if (waiting.kind !== 'deploy' || only?.has(waiting.release ?? 0) === false) return undefined;
  return {
    code: 'cancelled',
    what: 'A newer deploy took the place of this one',
    object: `release ${waiting.release} of ${waiting.app}`,
    why: `Release ${by} was asked for while this one waited for its turn.`,
    still: `Release ${by} is deployed in its place.`,
    remedy: 'Nothing, if the newest is what you want; else deploy this one again.',
    evidence: [],
  };
}

/** What the reason of a release begins with that changes the config alone. */
export const configReason = 'config: ';

async function pendingConfigs(cloud: Cloud, app: AppRow): Promise<Set<number>> {
  const pending = await releasesInState(cloud.db, app.id, 'pending');
  return new Set(pending.filter(({ reason }) => reason.startsWith(configReason)).map(({ version }) => version));
}
