/** The route table, pure: what an app's serving release says, pointed at the replicas that there are. */
import type { ContainerManifest } from 'minicloud-shared/manifest/model';
import type { ContainerSummary } from '../adapters/engine/contract.ts';
import type { ProxyRoute } from '../adapters/proxy/contract.ts';
import { networkName } from '../apps/apps.ts';
import { exposeDomains } from '../domains/domains.ts';
import { processLabel, releaseLabel, roleLabel } from '../processes/processes.ts';

/** A route with the process that it leads to, which is the companion's own business: the proxy knows targets alone. */
export interface ProcessRoute extends ProxyRoute {
  process: string;
}

export interface ServingApp {
  id: string;
  name: string;
  version: number;
  manifest: ContainerManifest;
  /** Every container of the app, whatever its release. */
  containers: ContainerSummary[];
  /** Its routes until now. */
  before?: readonly ProxyRoute[] | undefined;
}

/**
 * One route for each name and path of the app; its targets are the replicas of the serving release. While there is none,
 * as one is made anew, those that there were stay: the proxy keeps the table when the companion stops just then, and the
 * next replica has the address again.
 */
export function appRoutes(app: ServingApp, serverDomain: string): ProcessRoute[] {
  const network = networkName(app);
  return app.manifest.expose.flatMap((expose, index) => {
    if (expose.proto !== 'http') return [];
    const targets = app.containers
      .filter((container) => serves(container, app.version, expose.process))
      .flatMap((container) => {
        const address = container.addresses[network];
        return address ? [{ address: `${address}:${expose.port}`, weight: 1, release: app.version }] : [];
      })
      .sort((a, b) => a.address.localeCompare(b.address));
    return exposeDomains(app.manifest, index, serverDomain).map((host) => ({
      host,
      path: expose.path,
      app: app.name,
      process: expose.process,
      targets: targets.length > 0 ? targets : lastTargets(app, host, expose.path),
      maxBodyBytes: expose.maxBodyBytes,
      timeoutMs: expose.timeoutMs,
      tls: 'redirect' as const,
    }));
  });
}

function lastTargets(app: ServingApp, host: string, path: string): ProxyRoute['targets'] {
  const network = networkName(app);
  const others = app.containers.filter((container) => container.labels[releaseLabel] !== String(app.version));
  const taken = new Set(others.map((container) => container.addresses[network]));
  const before = app.before?.find((route) => route.host === host && route.path === path);
  return (before?.targets ?? []).filter(
    ({ address, release }) => release === app.version && !taken.has(address.replace(/:\d+$/, '')),
  );
}

function serves(container: ContainerSummary, version: number, process: string): boolean {
  return (
    container.labels[roleLabel] === 'process' &&
    container.labels[processLabel] === process &&
    container.labels[releaseLabel] === String(version) &&
    // A stopped replica keeps its address and comes back to it; the proxy tries the others meanwhile.
    container.state !== 'created' &&
    container.state !== 'dead'
  );
}
