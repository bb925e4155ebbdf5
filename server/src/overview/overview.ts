/** What people see of apps, put together from all nouns. Read-only. */
import type { ContainerManifest } from 'minicloud-shared/manifest/model';
import type { AppState, AppSummary, Replica } from 'minicloud-shared/model/app';
import { type AppRow, everyApp } from '../apps/apps.ts';
import { isLocalName } from '../certificates/authority.ts';
import type { Cloud } from '../context.ts';
import { exposeDomains, openable } from '../domains/domains.ts';
import { replicasByApp } from '../processes/processes.ts';
import { newestRelease, type ReleaseRow, resolvedOf, servingReleases } from '../releases/releases.ts';

/** Every app that `only` lets through, with its state: two queries and one question to the engine. */
export async function appSummaries(cloud: Cloud, only: (name: string) => boolean): Promise<AppSummary[]> {
  const [apps, releases, replicas] = await Promise.all([
    everyApp(cloud),
    servingReleases(cloud.db),
    replicasByApp(cloud),
  ]);
  const serving = new Map(releases.map((release) => [release.app_id, release]));
  const summaries: AppSummary[] = [];
  for (const app of apps) {
    if (!only(app.name)) continue;
    const release = serving.get(app.id);
    summaries.push(await summary(cloud, app, release, replicas.get(app.id) ?? []));
  }
  return summaries;
}

export async function summary(
  cloud: Cloud,
  app: AppRow,
  release: ReleaseRow | undefined,
  replicas: Replica[],
): Promise<AppSummary> {
  return {
    id: app.id,
    name: app.name,
    kind: 'container',
    environment: app.environment === 'staging' ? 'staging' : 'production',
    state: await stateOf(cloud, app, release, replicas),
    ...(release ? { release: release.version, image: release.image } : {}),
    urls: release ? manifestUrls(cloud, resolvedOf(release).manifest) : [],
    createdAt: app.created_at,
    updatedAt: app.updated_at,
  };
}

async function stateOf(
  cloud: Cloud,
  app: AppRow,
  release: ReleaseRow | undefined,
  replicas: Replica[],
): Promise<AppState> {
  if (app.deleting_at !== null) return 'deleting';
  if (cloud.operations.busy(app.name)) return 'deploying';
  if (!release) return (await newestRelease(cloud.db, app.id))?.state === 'failed' ? 'failed' : 'created';
  const wanted = resolvedOf(release).manifest.processes.reduce((sum, process) => sum + process.count, 0);
  const healthy = replicas.filter(
    (replica) => replica.release === release.version && replica.state === 'healthy',
  ).length;
  if (wanted === 0) return 'stopped';
  if (healthy >= wanted) return 'running';
  return healthy === 0 ? 'failed' : 'degraded';
}

/** Where a manifest's http ports are reached from outside, in the order of the manifest; a pattern is no such place. */
export function manifestUrls(cloud: Cloud, manifest: ContainerManifest): AppSummary['urls'] {
  return manifest.expose.flatMap((expose, index) =>
    expose.proto === 'http'
      ? openable(exposeDomains(manifest, index, cloud.config.serverDomain)).map((host) => ({
          // URL leaves the port out when it is the usual one.
          url: new URL(
            expose.path,
            `${isLocalName(host) ? 'https' : 'http'}://${host}:${isLocalName(host) ? cloud.config.httpsPort : cloud.config.httpPort}`,
          ).href,
          process: expose.process,
          port: expose.port,
        }))
      : [],
  );
}
