/** Domains: names that apps own. One owner per name, enforced by the database. */
import type { ContainerManifest } from 'minicloud-shared/manifest/model';
import { reservedDomain } from 'minicloud-shared/manifest/reserved-domain';
import { ProblemError } from 'minicloud-shared/model/problem';
import { type AppRow, findAppById } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import { claimDomain, domainOwners, domainsOf, releaseDomainsExcept } from './store.ts';

/** The names that an expose entry is reached under: its own, or NAME.SERVER-DOMAIN for the first http port without. */
export function exposeDomains(manifest: ContainerManifest, index: number, serverDomain: string): string[] {
  const expose = manifest.expose[index];
  if (!expose) return [];
  if (expose.domains.length > 0) return expose.domains;
  const firstBare = manifest.expose.findIndex((entry) => entry.proto === 'http' && entry.domains.length === 0);
  return firstBare === index ? [`${manifest.name}.${serverDomain}`] : [];
}

/** All names of a manifest, without repetition. */
export function manifestDomains(manifest: ContainerManifest, serverDomain: string): string[] {
  return [...new Set(manifest.expose.flatMap((_, index) => exposeDomains(manifest, index, serverDomain)))];
}

/**
 * Takes the names for the app. Throws `conflict` that names the owner when one belongs to another app, or is kept for
 * one. What the app has already stays its own.
 */
export async function claimDomains(cloud: Cloud, app: AppRow, names: string[]): Promise<void> {
  const mine = new Set(await domainsOf(cloud.db, app.id));
  for (const name of names) {
    const reserved = mine.has(name) ? undefined : reservedDomain(name, app.name, cloud.config.serverDomain);
    if (reserved !== undefined) throw domainReserved(name, reserved);
    const owner = await claimDomain(cloud.db, name, app.id, cloud.clock.now());
    if (owner === app.id) continue;
    const other = await findAppById(cloud, owner);
    throw domainTaken(name, other?.name ?? 'another app');
  }
}

/** Without patterns such as `*.example.com`: they stand for names, and are none that one can open. */
export function openable(names: string[]): string[] {
  return names.filter((name) => !name.startsWith('*.'));
}

/** Gives back every name of the app that is not in `keep`. */
export async function dropDomains(cloud: Cloud, app: AppRow, keep: string[]): Promise<void> {
  await releaseDomainsExcept(cloud.db, app.id, keep);
}

export async function appDomains(cloud: Cloud, app: Pick<AppRow, 'id'>): Promise<string[]> {
  return domainsOf(cloud.db, app.id);
}

/** Every name in use with the app's name. */
export async function everyDomain(cloud: Cloud): Promise<{ name: string; app: string }[]> {
  return domainOwners(cloud.db);
}

function domainReserved(name: string, why: string): ProblemError {
  return new ProblemError({
    code: 'conflict',
    what: 'The domain is kept for another app',
    object: `domain ${name}`,
    why: `${why}.`,
    still: 'Nothing was changed.',
    remedy: 'Use another name, or one below the name of the app itself.',
  });
}

export function domainTaken(name: string, owner: string): ProblemError {
  return new ProblemError({
    code: 'conflict',
    what: 'The domain belongs to another app',
    object: `domain ${name}`,
    why: `${owner} owns it.`,
    still: 'Nothing was changed.',
    remedy: `Use another name, or take it out of the manifest of ${owner} and deploy that first.`,
  });
}
