/** The only queries on `releases`. */
import { sql } from 'kysely';
import type { ContainerManifest } from 'minicloud-shared/manifest/model';
import type { Problem } from 'minicloud-shared/model/problem';
import { type Receipt, type Release, type ReleaseState, releaseTransitions } from 'minicloud-shared/model/release';
import type { Db, Tables } from '../schema.ts';

export type ReleaseRow = Tables['releases'];

export async function insertRelease(
  db: Db,
  row: Omit<ReleaseRow, 'version' | 'finished_at' | 'receipt_json' | 'problem_json'>,
): Promise<ReleaseRow> {
  return db
    .insertInto('releases')
    .values((eb) => ({
      ...row,
      version: eb
        .selectFrom('releases')
        .select(sql<number>`coalesce(max(version), 0) + 1`.as('version'))
        .where('app_id', '=', row.app_id),
      finished_at: null,
      receipt_json: null,
      problem_json: null,
    }))
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function newestRelease(db: Db, appId: string): Promise<ReleaseRow | undefined> {
  return db
    .selectFrom('releases')
    .selectAll()
    .where('app_id', '=', appId)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
}

export async function newestVersion(db: Db, appId: string): Promise<number> {
  return (await newestRelease(db, appId))?.version ?? 0;
}

export async function findRelease(db: Db, appId: string, version: number): Promise<ReleaseRow | undefined> {
  return db
    .selectFrom('releases')
    .selectAll()
    .where('app_id', '=', appId)
    .where('version', '=', version)
    .executeTakeFirst();
}

export async function listReleases(db: Db, appId: string, limit: number): Promise<ReleaseRow[]> {
  return db
    .selectFrom('releases')
    .selectAll()
    .where('app_id', '=', appId)
    .orderBy('version', 'desc')
    .limit(limit)
    .execute();
}

/** Releases that some app serves, with the app's id: one query however many apps there are. */
export async function servingReleases(db: Db): Promise<ReleaseRow[]> {
  return db
    .selectFrom('releases')
    .innerJoin('apps', (join) =>
      join.onRef('apps.id', '=', 'releases.app_id').onRef('apps.serving', '=', 'releases.version'),
    )
    .selectAll('releases')
    .execute();
}

/**
 * Names of the images that releases of these apps are of, and of their support containers. One that was built here is
 * left out: its name says nothing of a registry.
 */
export async function imagesFromRegistries(db: Db, apps: readonly string[]): Promise<string[]> {
  const names = sql`SELECT value FROM json_each(${JSON.stringify(apps)})`;
  const { rows } = await sql<{ image: string }>`
    WITH theirs AS (SELECT releases.* FROM releases JOIN apps ON apps.id = app_id WHERE apps.name IN (${names}))
    SELECT image FROM theirs WHERE digest <> image_id
    UNION SELECT support.value ->> 'image' FROM theirs, json_each(manifest_json, '$.manifest.support') AS support
  `.execute(db);
  // One that is named by its id came from no repository.
  return rows.map(({ image }) => image).filter((image) => !image.startsWith('sha256:'));
}

/** Releases that have this version of the app's config. */
export async function releasesWithConfig(db: Db, appId: string, config: number): Promise<ReleaseRow[]> {
  return db
    .selectFrom('releases')
    .selectAll()
    .where('app_id', '=', appId)
    .where('config_version', '=', config)
    .execute();
}

/** Moves a release along `releaseTransitions`; false when the row was not in a state from which that is allowed. */
export async function moveRelease(
  db: Db,
  appId: string,
  version: number,
  to: ReleaseState,
  facts: { at: number; receipt?: Receipt; problem?: Problem },
): Promise<boolean> {
  const from = (Object.keys(releaseTransitions) as ReleaseState[]).filter((state) =>
    releaseTransitions[state].includes(to),
  );
  const result = await db
    .updateTable('releases')
    .set({
      state: to,
      ...(to === 'current' || to === 'failed' ? { finished_at: facts.at } : {}),
      ...(facts.receipt ? { receipt_json: JSON.stringify(facts.receipt) } : {}),
      ...(facts.problem ? { problem_json: JSON.stringify(facts.problem) } : {}),
    })
    .where('app_id', '=', appId)
    .where('version', '=', version)
    .where('state', 'in', from)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function releasesInState(db: Db, appId: string, state: ReleaseState): Promise<ReleaseRow[]> {
  return db.selectFrom('releases').selectAll().where('app_id', '=', appId).where('state', '=', state).execute();
}

const servedStates: readonly ReleaseState[] = ['current', 'superseded', 'rolled_back'];

/** The release that the app serves by what its releases say, or served last; `except` is left out. */
export async function lastServed(db: Db, appId: string, except?: number): Promise<ReleaseRow | undefined> {
  const newest = newestServed(db, appId);
  return (except === undefined ? newest : newest.where('version', '!=', except)).executeTakeFirst();
}

/** The newest of those before a version that have served, whether it still does or not. */
export async function servedBefore(db: Db, appId: string, version: number): Promise<ReleaseRow | undefined> {
  return newestServed(db, appId).where('version', '<', version).executeTakeFirst();
}

/** One becomes current after another: the newest that ever was is the last. */
function newestServed(db: Db, appId: string) {
  return db
    .selectFrom('releases')
    .selectAll()
    .where('app_id', '=', appId)
    .where('state', 'in', servedStates)
    .orderBy('version', 'desc')
    .limit(1);
}

/**
 * The one way back in the state table, for a switch that did not come to its end: the release that served before it is
 * current again, where none is. False when nothing was to be done.
 */
export async function reinstate(db: Db, appId: string, version: number): Promise<boolean> {
  if ((await releasesInState(db, appId, 'current')).length > 0) return false;
  const result = await db
    .updateTable('releases')
    .set({ state: 'current' })
    .where('app_id', '=', appId)
    .where('version', '=', version)
    .where('state', 'in', ['superseded', 'rolled_back'])
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Releases of any app that are neither served nor ended, made before `at`. */
export async function openReleases(db: Db, at: number): Promise<ReleaseRow[]> {
  return db
    .selectFrom('releases')
    .selectAll()
    .where('state', 'in', ['pending', 'deploying'])
    .where('created_at', '<=', at)
    .execute();
}

export async function saveReceipt(db: Db, appId: string, version: number, receipt: Receipt): Promise<void> {
  await db
    .updateTable('releases')
    .set({ receipt_json: JSON.stringify(receipt) })
    .where('app_id', '=', appId)
    .where('version', '=', version)
    .execute();
}

/** What a release was resolved to when it was made; nothing in it can move afterwards. */
export interface Resolved {
  manifest: ContainerManifest;
  /** Image ids of the support containers by name. */
  supportImages: Record<string, string>;
}

const resolvedByRow = new WeakMap<ReleaseRow, Resolved>();

export function resolvedOf(row: ReleaseRow): Resolved {
  let resolved = resolvedByRow.get(row);
  if (!resolved) {
    resolved = JSON.parse(row.manifest_json) as Resolved;
    resolvedByRow.set(row, resolved);
  }
  return resolved;
}

export function toRelease(row: ReleaseRow, app: string): Release {
  return {
    app,
    version: row.version,
    state: row.state as ReleaseState,
    image: row.image,
    digest: row.digest,
    configVersion: row.config_version,
    reason: row.reason,
    by: row.by,
    createdAt: row.created_at,
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
    ...(row.receipt_json === null ? {} : { receipt: JSON.parse(row.receipt_json) as Receipt }),
    ...(row.problem_json === null ? {} : { problem: JSON.parse(row.problem_json) as Problem }),
  };
}
