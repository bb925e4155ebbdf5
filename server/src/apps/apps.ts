/** Apps: ownership, network and naming. Everything else about an app hangs on its id, so that a rename loses nothing. */
import { randomInt } from 'node:crypto';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { Cloud } from '../context.ts';
import { inTransaction, violates } from '../platform/db.ts';
import { randomId } from '../platform/ids.ts';
import type { Db } from '../schema.ts';
import {
  type AppRow,
  allApps,
  appById,
  appByName,
  type Choice,
  findFreeSubnet,
  insertApp,
  moveSubnet,
  updateApp,
} from './store.ts';
import { subnetCount, subnetTries, takenSubnets, wasTaken } from './subnets.ts';

export type { AppRow } from './store.ts';

/** Throws `not_found` when there is no app of that name. */
export async function requireApp(cloud: Cloud, name: string): Promise<AppRow> {
  const app = await appByName(cloud.db, name);
  if (app) return app;
  throw new ProblemError({
    code: 'not_found',
    what: 'There is no such app',
    object: `app ${name}`,
    why: 'No app on this server has this name.',
    still: 'Nothing was changed.',
    remedy: 'See `minicloud apps` for the names, or deploy its manifest to make it.',
  });
}

export async function findApp(cloud: Cloud, name: string): Promise<AppRow | undefined> {
  return appByName(cloud.db, name);
}

export async function findAppById(cloud: Cloud, id: string): Promise<AppRow | undefined> {
  return appById(cloud.db, id);
}

export async function everyApp(cloud: Cloud): Promise<AppRow[]> {
  return allApps(cloud.db);
}

/** The app of that name, made when it is new. Its network is the lowest /26 of the pool that nobody on the engine has. */
export async function ensureApp(cloud: Cloud, input: { name: string; environment: string }): Promise<AppRow> {
  const known = await appByName(cloud.db, input.name);
  if (known) {
    refuseDeleting(known);
    // One that was made for its config alone has no manifest yet that could say so.
    if (known.serving === null && known.environment !== input.environment)
      await updateApp(cloud.db, known.id, { environment: input.environment });
    return known;
  }
  const now = cloud.clock.now();
  const choice = await freeIn(cloud);
  try {
    const row = {
      id: randomId(),
      name: input.name,
      kind: 'container',
      environment: input.environment,
      created_at: now,
      updated_at: now,
    };
    return await insertApp(cloud.db, row, choice);
  } catch (error) {
    // Two first deploys of one name at once: the other one made it.
    const made = violates(error, 'apps.name') ? await appByName(cloud.db, input.name) : undefined;
    if (made) return made;
    throw exhausted(error, cloud.config.networkPool);
  }
}

/**
 * An app that was deleted is there again under its id, with a network of its own and nothing that runs; `beside` is done
 * with it or not at all. Throws `conflict` while another app has its name.
 */
export async function readmitApp(
  cloud: Cloud,
  row: Pick<AppRow, 'id' | 'name' | 'environment' | 'created_at'>,
  beside: (db: Db, app: AppRow) => Promise<void>,
): Promise<AppRow> {
  const choice = await freeIn(cloud);
  const { id, name, environment, created_at } = row;
  const again = { id, name, kind: 'container', environment, created_at, updated_at: cloud.clock.now() };
  try {
    return await inTransaction(cloud.db, async (db) => {
      const app = await insertApp(db, again, choice);
      await beside(db, app);
      return app;
    });
  } catch (error) {
    throw violates(error, 'apps.name') ? nameTaken(name) : exhausted(error, cloud.config.networkPool);
  }
}

/** Throws `conflict` when the app is being deleted, as its deletion would take away whatever was started now. */
export function refuseDeleting({ name, deleting_at }: AppRow): void {
  if (deleting_at !== null) throw beingDeleted(name);
}

/** Tells subscribers that something about the app is different. */
export async function appChanged(cloud: Cloud, app: AppRow, by: string): Promise<void> {
  await cloud.events.append({ by, app: app.name, body: { kind: 'app.changed', name: app.name } });
}

/** Commit point of a deploy: from here on the routes belong to this release; null takes them all away. */
export async function setServing(
  { db, clock }: Pick<Cloud, 'db' | 'clock'>,
  app: AppRow,
  version: number | null,
): Promise<void> {
  await updateApp(db, app.id, { serving: version, updated_at: clock.now() });
}

export async function markDeleting(cloud: Cloud, app: AppRow): Promise<void> {
  await updateApp(cloud.db, app.id, { deleting_at: cloud.clock.now() });
}

/** The deletion was called off before anything was taken away. */
export async function unmarkDeleting(cloud: Cloud, app: AppRow): Promise<void> {
  await updateApp(cloud.db, app.id, { deleting_at: null });
}

export { deleteApp as forgetApp } from './store.ts';

export function networkName(app: Pick<AppRow, 'id'>): string {
  return `minicloud_network_${app.id}`;
}

export { room, subnetOf, subnetTries, wasTaken } from './subnets.ts';

/**
 * Runs `make` with the app, and again with other addresses for it when somebody on the engine has taken those that
 * were chosen for its network meanwhile. Gives the app as it is in the end.
 */
export async function onFreeSubnet(
  cloud: Cloud,
  app: AppRow,
  make: (app: AppRow) => Promise<void>,
  signal: AbortSignal,
): Promise<AppRow> {
  const { engine, config, db } = cloud;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await make(app);
      return app;
    } catch (error) {
      if (attempt === subnetTries || !(await wasTaken(engine, networkName(app), error, signal))) throw error;
      const choice = await freeIn(cloud, signal);
      const moved = await moveSubnet(db, app.id, choice, anywhere(choice)).catch((cause) => {
        throw exhausted(cause, config.networkPool);
      });
      if (!moved) throw error;
      app = moved;
    }
  }
}

/** Where new networks may be: /26s of the pool that no network of the engine touches. */
async function freeIn({ engine, config }: Allocation, signal?: AbortSignal): Promise<Choice> {
  return { taken: await takenSubnets(engine, config.networkPool, signal), count: subnetCount(config.networkPool) };
}

/** Two installations that both take the lowest would meet again and again. */
function anywhere({ count }: Choice): number {
  return randomInt(0, count);
}

/**
 * Number of a /26 that neither an app nor any network of the engine has: the lowest, and any when the lowest was
 * tried before. `pool_exhausted` when there is none.
 */
export async function freeSubnet(parts: Allocation, again: boolean, signal?: AbortSignal): Promise<number> {
  const choice = await freeIn(parts, signal);
  const index = await findFreeSubnet(parts.db, choice, again ? anywhere(choice) : 0);
  if (index === undefined) throw poolExhausted(parts.config.networkPool);
  return index;
}

/** What choosing addresses takes of a cloud. */
export type Allocation = Pick<Cloud, 'engine' | 'db'> & { config: Pick<Cloud['config'], 'networkPool'> };

function exhausted(error: unknown, pool: string): unknown {
  return violates(error, 'apps.subnet') ? poolExhausted(pool) : error;
}

function poolExhausted(pool: string): ProblemError {
  return new ProblemError({
    code: 'pool_exhausted',
    what: 'There is no network left for a new app',
    object: `pool ${pool}`,
    why: `It holds ${subnetCount(pool)} networks, and all are taken, by apps, other networks of the engine or routes of this machine.`,
    still: 'Every app there is keeps serving.',
    remedy: 'Delete an app, or start the companion with a larger --network-pool.',
  });
}

function nameTaken(name: string): ProblemError {
  return new ProblemError({
    code: 'conflict',
    what: 'The app was not brought back',
    object: `app ${name}`,
    why: 'Another app has its name by now.',
    still: 'Both are as they were; the data of the deleted one stays in the trash.',
    remedy: `Delete the other one first, whose data is then kept as well. Of several deleted ones *Restore Deleted App…* and \`minicloud apps:deleted\` tell which is which; \`apps:restore ${name} --id ID\` brings back the one that you mean.`,
  });
}

export function beingDeleted(name: string): ProblemError {
  return new ProblemError({
    code: 'conflict',
    what: 'The app is being deleted',
    object: `app ${name}`,
    why: 'Its deletion was confirmed and has not finished.',
    remedy: `Wait until it is gone, then deploy again; \`minicloud operations ${name}\` tells how far it is.`,
  });
}
