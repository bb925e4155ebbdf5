/** Releases as people ask for them. */
import { ProblemError } from 'minicloud-shared/model/problem';
import type { Release, ReleaseDetail } from 'minicloud-shared/model/release';
import { type AppRow, requireApp } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';

export {
  findRelease,
  imagesFromRegistries,
  insertRelease,
  lastServed,
  moveRelease,
  newestRelease,
  newestVersion,
  openReleases,
  type ReleaseRow,
  type Resolved,
  reinstate,
  releasesInState,
  releasesWithConfig,
  resolvedOf,
  saveReceipt,
  servedBefore,
  servingReleases,
  toRelease,
} from './store.ts';

import { findRelease, listReleases, type ReleaseRow, servedBefore, toRelease } from './store.ts';

const listed = 200;

/** Newest first. */
export async function releases(cloud: Cloud, appName: string): Promise<Release[]> {
  const app = await requireApp(cloud, appName);
  return (await listReleases(cloud.db, app.id, listed)).map((row) => toRelease(row, app.name));
}

export async function release(cloud: Cloud, appName: string, version: number): Promise<ReleaseDetail> {
  const app = await requireApp(cloud, appName);
  const row = await requireRelease(cloud, app.id, app.name, version);
  return { ...toRelease(row, app.name), manifest: row.manifest_text };
}

/** Throws `not_found` that names the versions there are. */
export async function requireRelease(
  cloud: Cloud,
  appId: string,
  appName: string,
  version: number,
): Promise<ReleaseRow> {
  const row = await findRelease(cloud.db, appId, version);
  if (row) return row;
  const newest = (await listReleases(cloud.db, appId, 5)).map((known) => known.version);
  throw new ProblemError({
    code: 'not_found',
    what: 'There is no such release',
    object: `release ${version} of ${appName}`,
    why: newest.length > 0 ? `The newest are ${newest.join(', ')}.` : 'This app has no release yet.',
    still: 'Nothing was changed.',
    remedy: `See \`minicloud releases ${appName}\`.`,
  });
}

/** The one that served before a version. Throws `conflict` when there is none. */
export async function previousRelease(
  cloud: Cloud,
  app: Pick<AppRow, 'id' | 'name' | 'serving'>,
  version: number,
): Promise<ReleaseRow> {
  const row = await servedBefore(cloud.db, app.id, version);
  if (row) return row;
  throw new ProblemError({
    code: 'conflict',
    what: 'There is no earlier release',
    object: `app ${app.name}`,
    why: app.serving === null ? 'No release of it has served yet.' : `No release before ${version} has served.`,
    still: app.serving === null ? '' : `Release ${app.serving} still serves.`,
    remedy: `See \`minicloud releases ${app.name}\`, or deploy what you want.`,
  });
}
