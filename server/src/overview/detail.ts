/** One app in full: what its serving release says, what of it runs, how it is reached, and what was done last. */
import type { ContainerManifest } from 'minicloud-shared/manifest/model';
import type { AppDetail, AppProcess, AppRoute, Replica } from 'minicloud-shared/model/app';
import { type AppRow, requireApp } from '../apps/apps.ts';
import { certificateFacts } from '../certificates/certificates.ts';
import { configNames } from '../configs/configs.ts';
import type { Cloud } from '../context.ts';
import { appDomains, exposeDomains } from '../domains/domains.ts';
import { latestUse } from '../metrics/metrics.ts';
import { replicasOf } from '../processes/processes.ts';
import { findRelease, resolvedOf } from '../releases/releases.ts';
import { appBindings } from '../services/services.ts';
import { appVolumes } from '../volumes/volumes.ts';
import { manifestUrls, summary } from './overview.ts';

/** Operations that the detail of an app holds; `operations.list` has more. */
const activityLength = 10;

export async function appDetail(cloud: Cloud, name: string): Promise<AppDetail> {
  const app = await requireApp(cloud, name);
  const release = app.serving === null ? undefined : await findRelease(cloud.db, app.id, app.serving);
  const manifest = release && resolvedOf(release).manifest;
  const [replicas, bindings, volumes, config, domains, activity] = await Promise.all([
    measuredReplicas(cloud, app),
    appBindings(cloud, app),
    appVolumes(cloud, app),
    configNames(cloud.db, app),
    appDomains(cloud, app),
    cloud.operations.list(name, activityLength),
  ]);
  return {
    ...(await summary(cloud, app, release, replicas)),
    ...(release ? { digest: release.digest, manifest: release.manifest_text } : {}),
    replicas,
    bindings,
    volumes,
    config,
    domains,
    processes: manifest ? processes(manifest) : [],
    routes: manifest ? await routes(cloud, manifest) : [],
    activity,
  };
}

async function measuredReplicas(cloud: Cloud, app: AppRow): Promise<Replica[]> {
  const replicas = await replicasOf(cloud, app);
  return Promise.all(
    replicas.map(async (replica) => {
      const facts = await cloud.engine.inspectContainer(replica.id);
      return {
        ...replica,
        ...(facts?.startedAt === undefined ? {} : { startedAt: facts.startedAt }),
        ...(facts ? { restarts: facts.restarts } : {}),
        ...(facts?.state === 'running' ? latestUse(cloud, replica.id) : {}),
      };
    }),
  );
}

function processes(manifest: ContainerManifest): AppProcess[] {
  const limits = ({ memory, cpus, pids }: ContainerManifest['resources']) => ({
    ...(memory === undefined ? {} : { memoryBytes: memory }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(pids === undefined ? {} : { pids }),
  });
  return [
    ...manifest.processes.map(({ name, command, count, resources }) => ({
      name,
      kind: 'process' as const,
      ...(command ? { command } : {}),
      count,
      ...limits({ ...manifest.resources, ...resources }),
    })),
    ...manifest.support.map(({ name, command, image, resources }) => ({
      name,
      kind: 'support' as const,
      image,
      ...(command ? { command } : {}),
      count: 1,
      ...limits(resources),
    })),
  ];
}

async function routes(cloud: Cloud, manifest: ContainerManifest): Promise<AppRoute[]> {
  const urls = manifestUrls(cloud, manifest);
  const exposed = manifest.expose.flatMap((expose, index) =>
    expose.proto === 'http'
      ? exposeDomains(manifest, index, cloud.config.serverDomain).map((host) => ({ host, expose }))
      : [],
  );
  const certificates = await certificateFacts(
    cloud,
    exposed.map(({ host }) => host),
  );
  return exposed.map(({ host, expose }) => {
    const url = urls.find((known) => isOf(known.url, host, expose.path))?.url;
    return {
      host,
      path: expose.path,
      process: expose.process,
      port: expose.port,
      ...(url === undefined ? {} : { url }),
      certificate: certificates.get(host) ?? { kind: 'none' },
    };
  });
}

function isOf(url: string, host: string, path: string): boolean {
  const { hostname, pathname } = new URL(url);
  return hostname === host && pathname === path;
}
