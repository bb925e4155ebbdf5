/** The config of an earlier release, stored again for a rollback; and taken back when that comes to nothing. */
import type { AppRow } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import { type ReleaseRow, releasesWithConfig } from '../releases/releases.ts';
import type { Db } from '../schema.ts';
import { configOf, currentConfig, differences, storeConfig } from './configs.ts';
import { findConfig, newestConfig } from './store.ts';

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
  let [version, before] = [newest.version, newest.instead_of];
  // What a rollback replaced may itself be what one brought back that failed.
  while (before !== null && (await isOnlyOf(cloud.db, app, version, failing))) {
    version = before;
    before = (await findConfig(cloud.db, app.id, version))?.instead_of ?? null;
  }
  if (version === newest.version) return;
  const [from, to] = [await currentConfig(cloud, app), await configOf(cloud, app, { config_version: version })];
  await storeConfig(cloud, app, { by: failing.by }, from, { ...to, version: from.version + 1 });
}

/** Whether no release has this version but ones that failed, and the one that does now. */
async function isOnlyOf(db: Db, app: AppRow, config: number, failing: ReleaseRow): Promise<boolean> {
  const all = await releasesWithConfig(db, app.id, config);
  return all.every(({ version, state }) => version === failing.version || state === 'failed');
}
