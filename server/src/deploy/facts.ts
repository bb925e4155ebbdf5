/** The server's facts for the manifest rules that need them: the same rules run in the editor and here. */
import type { Diagnostic, ServerFacts } from 'minicloud-shared/manifest/model';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { checkAgainstServer } from 'minicloud-shared/manifest/server-rules';
import { features } from 'minicloud-shared/model/system';
import { everyApp } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import { everyDomain } from '../domains/domains.ts';

export async function serverFacts(cloud: Cloud): Promise<ServerFacts> {
  const [apps, domains] = await Promise.all([everyApp(cloud), everyDomain(cloud)]);
  return {
    complete: true,
    asOf: cloud.clock.now(),
    serverDomain: cloud.config.serverDomain,
    domains,
    apps: apps.map((app) => app.name),
    secrets: {},
    features: [...features],
  };
}

/** `resolve` refuses these as one problem of their own. */
const toldByResolve = ['manifest/not-available', 'manifest/secret-value'];

/** What the facts say about a manifest. Missing features are told by `resolve` as a problem of their own. */
export async function serverDiagnostics(cloud: Cloud, document: ManifestDocument): Promise<Diagnostic[]> {
  const found = checkAgainstServer(document, await serverFacts(cloud));
  return found.filter(({ code }) => !toldByResolve.includes(code));
}
