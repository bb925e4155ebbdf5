/** Two releases of an app beside each other: by the words of a plan, and by name where there is a value. Changes nothing. */
import type { Change } from 'minicloud-shared/model/plan';
import type { ReleaseComparison } from 'minicloud-shared/model/release';
import { type AppRow, requireApp } from '../apps/apps.ts';
import { configOf } from '../configs/configs.ts';
import type { Cloud } from '../context.ts';
import { manifestDomains } from '../domains/domains.ts';
import { newestRelease, previousRelease, type ReleaseRow, requireRelease, resolvedOf } from '../releases/releases.ts';
import { changes } from './changes.ts';
import { configChanges } from './config-plan.ts';

export interface CompareInput {
  app: string;
  /** The release that served before `to` when not given. */
  from?: number | undefined;
  /** The release that serves when not given, the newest where none does. */
  to?: number | undefined;
}

/** Throws `not_found` for a release that never was, `conflict` when there is nothing before `to`. */
export async function compareReleases(cloud: Cloud, input: CompareInput): Promise<ReleaseComparison> {
  const app = await requireApp(cloud, input.app);
  const to = await laterOf(cloud, app, input.to);
  const from =
    input.from === undefined
      ? await previousRelease(cloud, app, to.version)
      : await requireRelease(cloud, app.id, app.name, input.from);
  const [was, is] = [resolvedOf(from), resolvedOf(to)];
  const [before, after] = [was.manifest, is.manifest];
  const domainsOf = (manifest: typeof after) => manifestDomains(manifest, cloud.config.serverDomain);
  const found = [
    ...changes({
      desired: { manifest: after, domains: domainsOf(after) },
      previous: { ...from, manifest: before, domains: domainsOf(before), imageData: [] },
      image: to.image,
      digest: to.digest,
    }),
    ...movedImages(was.supportImages, is.supportImages),
    ...configChanges(
      { config: await configOf(cloud, app, from), manifest: before },
      { config: await configOf(cloud, app, to), manifest: after, stored: to.config_version },
    ).changes,
  ];
  const differences = found.map(({ consequence: _, ...difference }) => difference);
  return { app: app.name, from: from.version, to: to.version, differences };
}

/** Support containers of both whose image is another, though its name may be the same. */
function movedImages(was: Record<string, string>, is: Record<string, string>): Change[] {
  return Object.entries(is).flatMap(([name, id]): Change[] => {
    const old = was[name];
    if (old === undefined || old === id) return [];
    return [
      { action: 'change', object: `image of ${name}`, before: short(old), after: short(id), consequence: 'none' },
    ];
  });
}

function short(id: string): string {
  return id.replace('sha256:', '').slice(0, 12);
}

async function laterOf(cloud: Cloud, app: AppRow, asked: number | undefined): Promise<ReleaseRow> {
  const version = asked ?? app.serving ?? (await newestRelease(cloud.db, app.id))?.version;
  // Of an app without any release nothing came before, either.
  return version === undefined ? previousRelease(cloud, app, 0) : requireRelease(cloud, app.id, app.name, version);
}
