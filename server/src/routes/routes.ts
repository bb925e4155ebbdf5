/**
 * Routes: what the proxy is told. Each app's entries are kept apart, so that a deploy costs the same however many
 * apps there are, and the proxy is given the whole table, so that it can never drift from the database.
 */
import type { ProxyCertificate } from '../adapters/proxy/contract.ts';
import { type AppRow, everyApp, findAppById } from '../apps/apps.ts';
import { proxyCertificates } from '../certificates/certificates.ts';
import type { Cloud } from '../context.ts';
import { appLabel } from '../processes/processes.ts';
import { findRelease, type ReleaseRow, resolvedOf, servingReleases } from '../releases/releases.ts';
import { appRoutes, type ProcessRoute, type ServingApp } from './table.ts';

interface Routing {
  /** By the app's id. */
  routes: Map<string, ProcessRoute[]>;
  /** False until the table was built: what is applied is always the whole of it. */
  built: boolean;
  certificates: ProxyCertificate[];
  /** The apply under way; applies follow one another. */
  tail: Promise<unknown>;
}
const routings = new WeakMap<Cloud, Routing>();

function routingOf(cloud: Cloud): Routing {
  let routing = routings.get(cloud);
  if (!routing) {
    routing = { routes: new Map(), built: false, certificates: [], tail: Promise.resolve() };
    routings.set(cloud, routing);
  }
  return routing;
}

/** Builds the whole table from database and engine, and applies it: at start and after the engine was away. */
export async function applyAllRoutes(cloud: Cloud, signal?: AbortSignal): Promise<void> {
  await inTurn(cloud, (routing) => buildAll(cloud, routing, signal));
}

async function buildAll(cloud: Cloud, routing: Routing, signal: AbortSignal | undefined): Promise<void> {
  const [apps, releases, containers] = await Promise.all([
    everyApp(cloud),
    servingReleases(cloud.db),
    cloud.engine.listContainers({}, signal ? { signal } : {}),
  ]);
  const byApp = Map.groupBy(containers, (container) => container.labels[appLabel] ?? '');
  const serving = new Map(releases.map((release) => [release.app_id, release]));
  const before = new Map(routing.routes);
  routing.routes.clear();
  for (const app of apps) {
    const release = serving.get(app.id);
    if (release && app.deleting_at === null)
      routing.routes.set(app.id, routesOf(cloud, app, release, byApp.get(app.id) ?? [], before.get(app.id)));
  }
  routing.certificates = await proxyCertificates(cloud);
  routing.built = true;
  await apply(cloud, routing, signal);
}

/** Brings one app's routes up to its serving release and applies the table. */
export async function applyAppRoutes(cloud: Cloud, appId: string, signal?: AbortSignal): Promise<void> {
  await inTurn(cloud, async (routing) => {
    if (!routing.built) return buildAll(cloud, routing, signal);
    const app = await findAppById(cloud, appId);
    const release = app?.serving == null ? undefined : await findRelease(cloud.db, app.id, app.serving);
    if (app && release && app.deleting_at === null) {
      const containers = await cloud.engine.listContainers({ [appLabel]: app.id }, signal ? { signal } : {});
      routing.routes.set(app.id, routesOf(cloud, app, release, containers, routing.routes.get(app.id)));
    } else routing.routes.delete(appId);
    await apply(cloud, routing, signal);
  });
}

/** Tells the proxy of certificates that were made since. */
export async function reloadCertificates(cloud: Cloud): Promise<void> {
  routingOf(cloud).certificates = await proxyCertificates(cloud);
}

/** Entries that the proxy has for the app now. */
export function currentRoutes(cloud: Cloud, app: Pick<AppRow, 'id'>): ProcessRoute[] {
  return routingOf(cloud).routes.get(app.id) ?? [];
}

/** The same of every app, by the app's id. */
export function everyRoute(cloud: Cloud): ReadonlyMap<string, readonly ProcessRoute[]> {
  return routingOf(cloud).routes;
}

function routesOf(
  cloud: Cloud,
  app: AppRow,
  release: ReleaseRow,
  containers: ServingApp['containers'],
  before: ProcessRoute[] | undefined,
): ProcessRoute[] {
  const { manifest } = resolvedOf(release);
  return appRoutes(
    { id: app.id, name: app.name, version: release.version, manifest, containers, before },
    cloud.config.serverDomain,
  );
}

/**
 * One after another, reading included: what is applied last was read last, so that a slow rebuild of everything can't
 * put back what a deploy has just changed.
 */
async function inTurn(cloud: Cloud, work: (routing: Routing) => Promise<void>): Promise<void> {
  const routing = routingOf(cloud);
  const result = routing.tail.then(() => work(routing));
  routing.tail = result.catch(() => {});
  await result;
}

async function apply(cloud: Cloud, routing: Routing, signal?: AbortSignal): Promise<void> {
  const table = { routes: [...routing.routes.values()].flat(), certificates: routing.certificates, challenges: [] };
  const { refused } = await cloud.proxy.apply(table, signal ? { signal } : {});
  for (const { host, why } of refused) cloud.log.warn('the proxy refused a route', { host, why });
}
