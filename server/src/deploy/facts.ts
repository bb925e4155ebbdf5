/** The server's facts for the manifest rules that need them: the same rules run in the editor and here. */
import type { Diagnostic, ServerFacts } from 'minicloud-shared/manifest/model';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { checkAgainstServer } from 'minicloud-shared/manifest/server-rules';
import { everyApp, room } from '../apps/apps.ts';
import { configFacts } from '../configs/configs.ts';
import type { Cloud } from '../context.ts';
import { everyDomain } from '../domains/domains.ts';
import { offeredFeatures } from '../system/system.ts';

/** Names of images that are told: what fits into a list to choose from. */
const mostImages = 300;
const engineMs = 5_000;

/** What the rules need, and the names of images. How the shared servers are is asked by `factsForEditors` alone. */
export async function serverFacts(cloud: Cloud): Promise<ServerFacts> {
  const [apps, config, domains, images] = await Promise.all([
    everyApp(cloud),
    configFacts(cloud.db),
    everyDomain(cloud),
    // An engine that is away takes nothing from the other facts.
    cloud.engine.imageNames({ signal: AbortSignal.timeout(engineMs) }).catch(() => []),
  ]);
  return {
    complete: true,
    asOf: cloud.clock.now(),
    serverDomain: cloud.config.serverDomain,
    domains,
    apps: apps.map((app) => app.name),
    ...config,
    features: offeredFeatures(cloud),
    room,
    images: images.slice(0, mostImages),
  };
}

/** The same with how the shared servers are, each of which is asked. */
export async function factsForEditors(cloud: Cloud): Promise<ServerFacts> {
  const [facts, services] = await Promise.all([serverFacts(cloud), sharedServers(cloud).catch(() => undefined)]);
  return { ...facts, ...(services ? { services } : {}) };
}

type Services = NonNullable<ServerFacts['services']>;

/** Under way: whoever asks meanwhile gets the same answer. */
const asked = new WeakMap<Cloud, Promise<Services>>();

function sharedServers(cloud: Cloud): Promise<Services> {
  const underWay = asked.get(cloud);
  if (underWay) return underWay;
  const answer = askServers(cloud).finally(() => asked.delete(cloud));
  asked.set(cloud, answer);
  return answer;
}

async function askServers({ backings }: Cloud): Promise<Services> {
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
