/** Observe: what the engine has of an app, found by labels alone. */
import type { ContainerSummary, NetworkInfo, VolumeInfo } from '../adapters/engine/contract.ts';
import { type AppRow, networkName } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import { appLabel } from '../processes/processes.ts';
import type { Observed } from './plan.ts';

export async function observe(cloud: Cloud, app: AppRow, signal?: AbortSignal): Promise<Observed> {
  const options = signal ? { signal } : {};
  const [networks, volumes, containers, backing] = await Promise.all([
    cloud.engine.listNetworks(options),
    cloud.engine.listVolumes(options),
    cloud.engine.listContainers({ [appLabel]: app.id }, options),
    cloud.engine.inspectContainer(cloud.backings.mariadb.container, options),
  ]);
  return {
    network: networks.find((network) => network.name === networkName(app)),
    volumes: volumes.filter((volume) => volume.labels[appLabel] === app.id),
    containers,
    backing: backingOf(backing),
  };
}

/** The same for every app at once: three questions to the engine however many apps there are. */
export async function observeAll(cloud: Cloud, signal?: AbortSignal): Promise<(app: AppRow) => Observed> {
  const options = signal ? { signal } : {};
  const [networks, volumes, containers] = await Promise.all([
    cloud.engine.listNetworks(options),
    cloud.engine.listVolumes(options),
    cloud.engine.listContainers({}, options),
  ]);
  const networksByName = new Map<string, NetworkInfo>(networks.map((network) => [network.name, network]));
  const volumesByApp = Map.groupBy(volumes, (volume: VolumeInfo) => volume.labels[appLabel] ?? '');
  const containersByApp = Map.groupBy(containers, (container: ContainerSummary) => container.labels[appLabel] ?? '');
  const backing = backingOf(containers.find((container) => container.name === cloud.backings.mariadb.container));
  return (app) => ({
    network: networksByName.get(networkName(app)),
    volumes: volumesByApp.get(app.id) ?? [],
    containers: containersByApp.get(app.id) ?? [],
    backing,
  });
}

function backingOf(container: Pick<ContainerSummary, 'state' | 'addresses'> | undefined): Observed['backing'] {
  return { running: container?.state === 'running', networks: new Set(Object.keys(container?.addresses ?? {})) };
}
