/**
 * Trash: what is left of apps that were deleted, which is their data. It can be brought back for seven days; then it is
 * removed. Nothing comes here but by the confirmed delete of an app, and nothing else is ever removed.
 */
import { type DeletedApp, keptMs } from 'minicloud-shared/model/app';
import { ProblemError, toProblem } from 'minicloud-shared/model/problem';
import * as z from 'zod';
import { type AppRow, appChanged, findApp, forgetApp, readmitApp } from '../apps/apps.ts';
import { configNames, deleteConfigs, redactConfigs, trashConfig } from '../configs/configs.ts';
import type { Cloud, Principal } from '../context.ts';
import { forgetKeys } from '../platform/operation-records.ts';
import { destroyDatabase, keptBindings, readmitBinding } from '../services/services.ts';
import { readmitVolumes, removeVolumes, trashedVolumes, trashVolumes } from '../volumes/volumes.ts';
import { claimDeleted, type DeletedRow, deletedRows, dropDeleted, insertDeleted, takeDeleted } from './store.ts';

const bindingsSchema = z.array(z.object({ service: z.literal('mariadb'), env: z.string(), name: z.string() }));

/** The app is forgotten, and its data is in the trash. For a transaction of the caller's: both or neither. */
export async function moveToTrash(
  { db, clock, redactor }: Pick<Cloud, 'db' | 'clock' | 'redactor'>,
  app: AppRow,
  by: string,
): Promise<void> {
  const now = clock.now();
  const { id, name, environment, created_at } = app;
  const bindings = JSON.stringify(await keptBindings(db, app));
  await insertDeleted(db, { id, name, environment, created_at, deleted_at: now, by, bindings_json: bindings });
  await trashVolumes(db, app, now);
  await trashConfig({ db, redactor }, app);
  await forgetApp(db, app.id);
}

/** Deleted apps whose data is kept and that the principal may bring back, the newest first. */
export async function deletedApps(cloud: Cloud, principal: Principal): Promise<DeletedApp[]> {
  const found: DeletedApp[] = [];
  const rows = await deletedRows(cloud.db);
  for (const row of rows) {
    if (await mayHave(cloud, principal, row, rows)) found.push(await shown(cloud, row));
  }
  return found;
}

/**
 * A name is no proof of whose the data was: the next app of that name may be somebody else's. Who is limited to some apps
 * gets only the last that had the name, with a token that was good for it before it was deleted.
 */
async function mayHave(
  cloud: Cloud,
  { apps, token }: Principal,
  row: DeletedRow,
  rows: readonly DeletedRow[],
): Promise<boolean> {
  if (apps === undefined) return true;
  if (!apps.includes(row.name) || token === undefined || token.createdAt >= row.deleted_at) return false;
  // One that lived since is there, or was deleted later: what is deleted later is kept longer.
  if (await findApp(cloud, row.name)) return false;
  return !rows.some(({ id, name, deleted_at }) => name === row.name && id !== row.id && deleted_at >= row.deleted_at);
}

/** The newest deleted app of that name whose data can still be brought back. */
export async function newestDeleted(cloud: Cloud, name: string): Promise<DeletedApp | undefined> {
  const now = cloud.clock.now();
  const row = (await deletedRows(cloud.db)).find((each) => each.name === name && each.deleted_at + keptMs > now);
  return row && shown(cloud, row);
}

/**
 * Brings a deleted app back with its volumes and databases; nothing of it runs until it is deployed. Throws `conflict`
 * while another app has its name, `forbidden` when it may be somebody else's, `busy` while an operation of that name
 * waits or is at work.
 */
export async function restoreApp(
  cloud: Cloud,
  by: Principal,
  input: { name: string; id?: string | undefined },
): Promise<DeletedApp> {
  const rows = (await deletedRows(cloud.db)).filter((row) => row.name === input.name);
  const row = rows.find(
    ({ id, deleted_at, removing_at }) =>
      (input.id === undefined || id === input.id) && removing_at === null && deleted_at > keptSince(cloud),
  );
  if (!row) throw nothingKept(input.name, rows);
  if (!(await mayHave(cloud, by, row, rows))) throw notTheirs(by, row);
  const back = await shown(cloud, row);
  const app = await readmitApp(cloud, row, async (db, app) => {
    // Another deletion of the same app that still waits would delete what was brought back.
    if (cloud.operations.busy(app.name)) throw stillAtWork(app.name);
    // Time passed since it was looked at: what is being removed by now is given to nobody.
    if (!(await takeDeleted(db, app.id, keptSince(cloud)))) throw nothingKept(input.name, rows);
    for (const binding of bindingsOf(row)) await readmitBinding(cloud, db, app, binding);
    await readmitVolumes(db, app);
    await forgetKeys(db, app.id);
  });
  await redactConfigs(cloud, [app]);
  await appChanged(cloud, app, by.name);
  return back;
}

async function shown(cloud: Cloud, row: DeletedRow): Promise<DeletedApp> {
  return {
    id: row.id,
    name: row.name,
    environment: row.environment === 'staging' ? 'staging' : 'production',
    deletedAt: row.deleted_at,
    keptUntil: row.deleted_at + keptMs,
    by: row.by,
    volumes: await trashedVolumes(cloud, row),
    databases: bindingsOf(row).map(({ service, env, name }) => ({ service, env, database: name })),
    config: await configNames(cloud.db, row),
  };
}

function bindingsOf(row: DeletedRow) {
  return bindingsSchema.parse(JSON.parse(row.bindings_json));
}

/** Deleted since then is still kept. */
function keptSince({ clock }: Pick<Cloud, 'clock'>): number {
  return clock.now() - keptMs;
}

/** Removes what was kept for seven days. What can not be removed now is tried again the next time. Never throws. */
export async function sweepTrash(cloud: Cloud): Promise<void> {
  const signal = cloud.stopping;
  for (const row of await claimDeleted(cloud.db, keptSince(cloud), cloud.clock.now())) {
    try {
      await removeData(cloud, row, signal);
      await deleteConfigs(cloud.db, row.id);
      await dropDeleted(cloud.db, row.id);
      cloud.log.info('the data of a deleted app was removed, as its seven days are over', {
        app: row.name,
        id: row.id,
      });
    } catch (error) {
      if (signal.aborted) return;
      cloud.log.warn('the data of a deleted app could not be removed; it is tried again', {
        app: row.name,
        why: toProblem(error).why,
      });
    }
  }
}

/** All that can be removed is, before it throws what could not: a server that does not come up keeps no volume. */
async function removeData(cloud: Cloud, row: DeletedRow, signal: AbortSignal): Promise<void> {
  const outcomes = await Promise.allSettled([
    removeVolumes(cloud, row, signal),
    ...bindingsOf(row).map((binding) => destroyDatabase(cloud, binding, signal)),
  ]);
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

const everyMs = 60 * 60_000;

/**
 * Sweeps once an hour, and not at the start: the clock of a machine that has just booted may be wrong by years until it
 * asked for the time. Returns what stops it.
 */
export function keepSweeping(cloud: Cloud): () => void {
  const sweep = () =>
    void sweepTrash(cloud).catch((error) => {
      if (!cloud.stopping.aborted) cloud.log.warn('the trash could not be looked at', { why: toProblem(error).why });
    });
  const timer = setInterval(sweep, everyMs);
  return () => clearInterval(timer);
}

function notTheirs(by: Principal, { name, id }: DeletedRow): ProblemError {
  return new ProblemError({
    code: 'forbidden',
    what: 'The app was not brought back',
    object: `deleted app ${name}`,
    why: `The token ${by.name} is limited to some apps. Such a token brings back only the last app of a name, and only when it was made before that one was deleted: the data may be somebody else's.`,
    still: 'Nothing was changed; its data stays in the trash until its seven days are over.',
    remedy: `Ask somebody with a token for all apps: \`minicloud apps:restore ${name} --id ${id}\`.`,
  });
}

function stillAtWork(name: string): ProblemError {
  return new ProblemError({
    code: 'busy',
    what: 'The app was not brought back',
    object: `deleted app ${name}`,
    why: 'Operations of its name wait or are at work: another deletion would delete it again.',
    still: 'Its data stays in the trash.',
    remedy: `Wait until they have ended, or cancel them: \`minicloud operations ${name}\`. Then bring it back again.`,
  });
}

function nothingKept(name: string, rows: readonly DeletedRow[]): ProblemError {
  return new ProblemError({
    code: 'not_found',
    what: 'There is nothing to bring back',
    object: `deleted app ${name}`,
    why:
      rows.length === 0
        ? 'No data of a deleted app of this name is kept.'
        : 'No data of such a deleted app is kept any more, or it is another one.',
    still: 'Nothing was changed.',
    remedy: 'See `minicloud apps:deleted` for what is kept.',
  });
}
