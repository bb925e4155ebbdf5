/**
 * What an app serves and the states of its releases, which say the same: they move together, in one transaction, so
 * that neither a crash nor a full disk leaves an app between two releases.
 */
import { type Problem, toProblem } from 'minicloud-shared/model/problem';
import { type Receipt, type ReleaseState, releaseTransitions } from 'minicloud-shared/model/release';
import { type AppRow, appChanged, findAppById, setServing } from '../apps/apps.ts';
import { takeBackConfig } from '../configs/configs.ts';
import type { Cloud } from '../context.ts';
import { crashpoint } from '../platform/crashpoint.ts';
import { inTransaction } from '../platform/db.ts';
import { redactedJson } from '../platform/log.ts';
import {
  findRelease,
  lastServed,
  moveRelease,
  type ReleaseRow,
  reinstate,
  releasesInState,
  toRelease,
} from '../releases/releases.ts';

/** Old → superseded or rolled back, new → current and serving; all of it, or nothing. */
export async function makeCurrent(cloud: Cloud, app: AppRow, release: ReleaseRow, receipt: Receipt): Promise<void> {
  const { clock } = cloud;
  const to = release.reason.startsWith('rollback') ? 'rolled_back' : 'superseded';
  const at = clock.now();
  const before = await inTransaction(cloud.db, async (db) => {
    const others = (await releasesInState(db, app.id, 'current')).filter(({ version }) => version !== release.version);
    // The old one first: there is never more than one, says an index.
    for (const old of others) await moveRelease(db, app.id, old.version, to, { at });
    crashpoint('deploy.make-current:between');
    const moved = await moveRelease(db, app.id, release.version, 'current', { at, receipt });
    const now = moved ? undefined : await findRelease(db, app.id, release.version);
    if (!moved && now?.state !== 'current')
      throw new Error(`release ${release.version} is ${now?.state}, not on its way`);
    await setServing({ db, clock }, app, release.version);
    return others;
  });
  crashpoint('deploy.make-current:after');
  for (const old of before) await announce(cloud, app.id, old.version);
  await announce(cloud, app.id, release.version);
}

/** Lets the app serve what it served before, null for nothing; its release is current again where it was made to be no longer. */
export async function serveAgain(cloud: Cloud, app: AppRow, version: number | null): Promise<void> {
  const { clock } = cloud;
  const reinstated = await inTransaction(cloud.db, async (db) => {
    await setServing({ db, clock }, app, version);
    return version !== null && (await reinstate(db, app.id, version));
  });
  if (reinstated && version !== null) await announce(cloud, app.id, version);
}

/**
 * True when the app's row and the states of its releases contradict each other, as an interruption under an earlier
 * version could leave them. `release` is the one that the row names.
 */
export async function isContradictory(cloud: Cloud, app: AppRow, release: ReleaseRow | undefined): Promise<boolean> {
  if (release) return release.state === 'superseded' || release.state === 'rolled_back';
  return (await lastServed(cloud.db, app.id)) !== undefined;
}

/**
 * The release that the app serves, set right first where the rows contradict each other: what the app served last goes
 * on, so that no container of it is taken for a left-over. Call when nothing else is at work on the app.
 */
export async function settledServing(cloud: Cloud, app: AppRow): Promise<ReleaseRow | undefined> {
  const named = app.serving === null ? undefined : await findRelease(cloud.db, app.id, app.serving);
  if (!(await isContradictory(cloud, app, named))) return named;
  const release = named ?? (await lastServed(cloud.db, app.id));
  if (!release) return undefined;
  cloud.log.warn('an app and its releases contradicted each other; what it served last goes on', {
    app: app.name,
    release: release.version,
  });
  await serveAgain(cloud, app, release.version);
  return findRelease(cloud.db, app.id, release.version);
}

/**
 * Moves the release along its state table and tells subscribers; a move that is not allowed from here changes nothing.
 * With one that fails goes the config that was brought back for it.
 */
export async function changeState(
  cloud: Cloud,
  app: AppRow,
  release: ReleaseRow,
  to: ReleaseState,
  facts: { receipt?: Receipt | undefined; problem?: Problem },
): Promise<void> {
  const { receipt } = facts;
  // First, so that a kill between the two leaves a release that is still to be ended.
  if (to === 'failed') await withoutItsConfig(cloud, app, release);
  const { redact } = cloud.redactor.of(app.name);
  const problem = facts.problem && (JSON.parse(redactedJson(facts.problem, redact)) as Problem);
  const told = { at: cloud.clock.now(), ...(receipt ? { receipt } : {}), ...(problem ? { problem } : {}) };
  if (!(await moveRelease(cloud.db, app.id, release.version, to, told))) return;
  await announce(cloud, app.id, release.version);
}

/** That values could not go back keeps no release from its end: they show as a difference in the next plan. */
async function withoutItsConfig(cloud: Cloud, app: AppRow, release: ReleaseRow): Promise<void> {
  const now = await findRelease(cloud.db, app.id, release.version);
  if (!now || !releaseTransitions[now.state as ReleaseState].includes('failed')) return;
  try {
    await takeBackConfig(cloud, app, now);
  } catch (error) {
    const { why } = toProblem(error);
    cloud.log.warn('the config before a failed rollback was not stored again', { app: app.name, why });
  }
}

/** Tells subscribers what the release is now. */
export async function announce(cloud: Cloud, appId: string, version: number): Promise<void> {
  const app = await findAppById(cloud, appId);
  const row = app && (await findRelease(cloud.db, appId, version));
  if (!app || !row) return;
  await cloud.events.append({
    by: row.by,
    app: app.name,
    body: { kind: 'release.changed', release: toRelease(row, app.name) },
  });
  await appChanged(cloud, app, row.by);
}
