/** The server's facts for the manifest rules that need them: the same rules run in the editor and here. */
import type { Diagnostic, ServerFacts } from 'minicloud-shared/manifest/model';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { checkAgainstServer } from 'minicloud-shared/manifest/server-rules';
import { features } from 'minicloud-shared/model/system';
import { everyApp } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import { everyDomain } from '../domains/domains.ts';

/** Names of images that are told: what fits into a list to choose from. */
const mostImages = 300;
const engineMs = 5_000;

export async function serverFacts(cloud: Cloud): Promise<ServerFacts> {
  const [apps, domains, images, services] = await Promise.all([
    everyApp(cloud),
    everyDomain(cloud),
    // An engine that is away takes nothing from the other facts.
    cloud.engine.imageNames({ signal: AbortSignal.timeout(engineMs) }).catch(() => []),
    sharedServers(cloud).catch(() => undefined),
  ]);
  return {
    complete: true,
    asOf: cloud.clock.now(),
    serverDomain: cloud.config.serverDomain,
    domains,
    apps: apps.map((app) => app.name),
    secrets: {},
    features: [...features],
    images: images.slice(0, mostImages),
    ...(services ? { services } : {}),
  };
}

async function sharedServers({ backings }: Cloud): Promise<NonNullable<ServerFacts['services']>> {
  const signal = AbortSignal.timeout(engineMs);
  return Promise.all(
    Object.values(backings).map(async (backing) => {
      const { state } = await backing.status({ signal });
      return { engine: backing.kind, state };
    }),
  );
}

/** What the facts say about a manifest. */
export async function serverDiagnostics(cloud: Cloud, document: ManifestDocument): Promise<Diagnostic[]> {
  return checkAgainstServer(document, await serverFacts(cloud));
}
