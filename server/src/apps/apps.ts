/** Apps: ownership, network and naming. Everything else about an app hangs on its id, so that a rename loses nothing. */
import { ProblemError } from 'minicloud-shared/model/problem';
import type { Cloud } from '../context.ts';
import { violates } from '../platform/db.ts';
import { randomId } from '../platform/ids.ts';
import { type AppRow, allApps, appById, appByName, insertApp, updateApp } from './store.ts';

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

/** The app of that name, made when it is new. Its network is the lowest free /26 of the pool. */
export async function ensureApp(cloud: Cloud, input: { name: string; environment: string }): Promise<AppRow> {
  const known = await appByName(cloud.db, input.name);
  if (known) {
    if (known.deleting_at !== null) throw beingDeleted(input.name);
    return known;
  }
  const now = cloud.clock.now();
  try {
    const app = await insertApp(cloud.db, {
      id: randomId(),
      name: input.name,
      kind: 'container',
      environment: input.environment,
      created_at: now,
      updated_at: now,
    });
    if (app.subnet >= subnetCount(cloud.config.networkPool)) throw poolExhausted(cloud.config.networkPool);
    return app;
  } catch (error) {
    // Two first deploys of one name at once: the other one made it.
    const made = violates(error, 'apps.name') ? await appByName(cloud.db, input.name) : undefined;
    if (made) return made;
    throw error;
  }
}

/** Tells subscribers that something about the app is different. */
export async function appChanged(cloud: Cloud, app: AppRow, by: string): Promise<void> {
  await cloud.events.append({ by, app: app.name, body: { kind: 'app.changed', name: app.name } });
}

/** Commit point of a deploy: from here on the routes belong to this release; null takes them all away. */
export async function setServing(cloud: Cloud, app: AppRow, version: number | null): Promise<void> {
  await updateApp(cloud.db, app.id, { serving: version, updated_at: cloud.clock.now() });
}

export async function markDeleting(cloud: Cloud, app: AppRow): Promise<void> {
  await updateApp(cloud.db, app.id, { deleting_at: cloud.clock.now() });
}

export { deleteApp as forgetApp } from './store.ts';

export function networkName(app: Pick<AppRow, 'id'>): string {
  return `minicloud_network_${app.id}`;
}

const subnetBits = 26;

/** How many /26 a pool holds. */
export function subnetCount(pool: string): number {
  const bits = Number(pool.split('/')[1]);
  return bits > subnetBits ? 0 : 2 ** (subnetBits - bits);
}

/**
 * Addresses of the n-th /26 of the pool. What an address is for is told by its last six bits, see the firewall port:
 * .1 gateway, .2–.31 replicas, .32–.47 support containers, .48–.62 shared services.
 */
export function subnetOf(pool: string, index: number) {
  const [base = '0.0.0.0', bits = '0'] = pool.split('/');
  const mask = (0xffffffff << (32 - Number(bits))) >>> 0;
  const start = ((toNumber(base) & mask) >>> 0) + index * 64;
  return {
    subnet: `${toAddress(start)}/26`,
    /** The lower half: where the engine may pick by itself. */
    range: `${toAddress(start)}/27`,
    replicas: addresses(start, 2, 31),
    support: addresses(start, 32, 47),
    services: addresses(start, 48, 62),
  };
}

function addresses(start: number, first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, n) => toAddress(start + first + n));
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => ((sum << 8) | Number(part)) >>> 0, 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

function poolExhausted(pool: string): ProblemError {
  return new ProblemError({
    code: 'pool_exhausted',
    what: 'There is no network left for a new app',
    object: `pool ${pool}`,
    why: `It holds ${subnetCount(pool) - 1} app networks and all are taken.`,
    still: 'Every app there is keeps serving.',
    remedy: 'Delete an app, or start the companion with a larger --network-pool.',
  });
}

function beingDeleted(name: string): ProblemError {
  return new ProblemError({
    code: 'conflict',
    what: 'The app is being deleted',
    object: `app ${name}`,
    why: 'Its deletion was confirmed and has not finished.',
    remedy: 'Wait until it is gone, then deploy again.',
  });
}
