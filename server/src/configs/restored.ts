/** The config of an earlier release, stored again for a rollback; and taken back when that comes to nothing. */
import type { AppRow } from '../apps/apps.ts';
import { type Cloud, systemPrincipal } from '../context.ts';
import { type ReleaseRow, releasesWithConfig } from '../releases/releases.ts';
import type { Db } from '../schema.ts';
import { configOf, currentConfig, differences, storeConfig } from './configs.ts';
import { findConfig, newestConfig, newestRestored } from './store.ts';

/**
 * The config that a release had is the newest again, where another is stored; `record` writes the release that gets it,
 * with the version that it is told, in the same transaction. Throws `conflict` when another was stored meanwhile.
 */
export async function restoreConfig<T>(
  cloud: Cloud,
  app: AppRow,
  by: string,
  like: ReleaseRow,
  record: (db: Db, version: number) => Promise<T>,
): Promise<T> {
  const stored = await currentConfig(cloud, app);
  const next = { version: stored.version + 1, values: (await configOf(cloud, app, like)).values };
  if (differences(stored, next).length === 0) return record(cloud.db, stored.version);
  let recorded!: T;
  const alongside = async (db: Db) => {
    recorded = await record(db, next.version);
  };
  await storeConfig(cloud, app, { by, insteadOf: stored.version, alongside }, stored, next);
  return recorded;
}

/**
 * Of a release that ends as failed: the config that was brought back for it alone is the newest no more. What was stored
 * before it is, unless somebody stored another one since.
 */
export async function takeBackConfig(cloud: Cloud, app: AppRow, failing: ReleaseRow): Promise<void> {
  const newest = await newestConfig(cloud.db, app.id);
  if (newest?.version !== failing.config_version) return;
  const fails = ({ version, state }: ReleaseRow) => version === failing.version || state === 'failed';
  const version = await versionWithout(cloud.db, app.id, fails);
  if (version === newest.version) return;
  const [from, to] = [await currentConfig(cloud, app), await configOf(cloud, app, { config_version: version })];
  // Nobody asked for it: the log says whose doing it was.
  const { name: by } = systemPrincipal;
  await storeConfig(cloud, app, { by }, from, { ...to, version: from.version + 1 });
}

/** Of an app that goes to the trash: what no rollback that is still to run, or came to nothing, brought back. */
export async function lastingVersion(db: Db, app: Pick<AppRow, 'id'>): Promise<number> {
  return versionWithout(db, app.id, ({ state }) => ['pending', 'deploying', 'failed'].includes(state));
}

/**
 * The newest version, without those that were brought back for releases of which all come to nothing. What such a one
 * replaced may itself be of such a release. 0 for none.
 */
async function versionWithout(db: Db, appId: string, fails: (release: ReleaseRow) => boolean): Promise<number> {
  let row = await newestConfig(db, appId);
  while (row && row.instead_of !== null && (await releasesWithConfig(db, appId, row.version)).every(fails)) {
    if (row.instead_of === 0) return 0;
    row = await findConfig(db, appId, row.instead_of);
  }
  return row?.version ?? 0;
}

/**
 * The rollback that failed after a release was queued on the config which it had brought back; undefined when there is
 * none. What that one did not bring back is missing in the release, and nobody asked for that.
 */
export async function failedBelow(db: Db, appId: string, release: ReleaseRow): Promise<ReleaseRow | undefined> {
  if (isRollback(release)) return undefined;
  const restored = await newestRestored(db, appId, release.config_version);
  if (!restored) return undefined;
  const rollbacks = (await releasesWithConfig(db, appId, restored.version)).filter(isRollback);
  if (!rollbacks.every(({ state }) => state === 'failed')) return undefined;
  return rollbacks.find(({ finished_at }) => (finished_at ?? 0) >= release.created_at);
}

function isRollback({ reason }: ReleaseRow): boolean {
  return reason.startsWith('rollback');
}
