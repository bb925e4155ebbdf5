/**
 * Resolve: manifest text and image name → exactly what would run. Reads registry and engine, changes nothing that
 * anybody sees.
 */
import type { ContainerManifest, Diagnostic } from 'minicloud-shared/manifest/model';
import { parseManifest, parseManifestDocument } from 'minicloud-shared/manifest/parse';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { ImageInfo, PullProgress } from '../adapters/engine/contract.ts';
import { findApp } from '../apps/apps.ts';
import type { Cloud, Principal } from '../context.ts';
import { findRelease, imagesFromRegistries, type Resolved, resolvedOf } from '../releases/releases.ts';
import { serverDiagnostics } from './facts.ts';
import { ownManifest, pullOrKeep, repositoryOf } from './images.ts';

export interface ResolveInput {
  /** Text of the manifest; without it the image's own, or the one that the app serves now. */
  manifest?: string | undefined;
  fileName?: string | undefined;
  /** App to deploy when there is no manifest text. */
  app?: string | undefined;
  /** Wins over the manifest's `image`. */
  image?: string | undefined;
  /** Asks no registry and fetches nothing: for a comparison that nobody asked for. What is deployed is never resolved so. */
  offline?: boolean | undefined;
  /** Throws when the caller may not deploy the app of this name. */
  allow?: (app: string) => void;
}

export interface ResolvedDeploy {
  text: string;
  resolved: Resolved;
  image: string;
  info: ImageInfo;
  /** Images of the support containers by name. */
  supportInfos: Map<string, ImageInfo>;
  notes: string[];
}

export type ResolveResult =
  | { ok: true; deploy: ResolvedDeploy; diagnostics: Diagnostic[] }
  | { ok: false; diagnostics: Diagnostic[] };

export interface ResolveOptions {
  signal: AbortSignal;
  onProgress?: (progress: PullProgress) => void;
  /** Where images come from for which the server may log in; any when not given. */
  repositories?: ReadonlySet<string>;
}

export async function resolve(
  cloud: Cloud,
  by: Principal,
  input: ResolveInput,
  asked: Omit<ResolveOptions, 'repositories'>,
): Promise<ResolveResult> {
  const options = await limited(cloud, by, asked);
  const notes: string[] = [];
  const known = input.app === undefined ? undefined : await findApp(cloud, input.app);
  const served = known?.serving == null ? undefined : await findRelease(cloud.db, known.id, known.serving);

  let text = input.manifest ?? served?.manifest_text;
  let early: ImageInfo | undefined;
  if (text === undefined && input.image !== undefined && !input.offline) {
    early = await pullOrKeep(cloud, input.image, notes, options);
    text = await ownManifest(cloud, early, options.signal);
    if (text === undefined) throw noManifest(input.image);
  }
  if (text === undefined) throw nothingToDeploy(input.app);

  const parsed = parseManifestDocument(text, { fileName: input.fileName ?? 'cloud_manifest.yml' });
  if (!parsed.manifest) return { ok: false, diagnostics: parsed.diagnostics };
  input.allow?.(parsed.manifest.name);
  const diagnostics = [...parsed.diagnostics, ...(await serverDiagnostics(cloud, parsed))];
  if (diagnostics.some((diagnostic) => diagnostic.severity === 'error')) return { ok: false, diagnostics };
  const { manifest } = parsed;
  if (manifest.kind !== 'container') throw noContainer(manifest.name);
  if (input.app !== undefined && input.app !== manifest.name) throw otherApp(input.app, manifest.name);

  const image = input.image ?? manifest.image ?? served?.image;
  if (image === undefined) throw noImage(manifest.name);
  const find = input.offline ? await imagesHere(cloud, manifest.name, notes, options) : undefined;
  const info = early ?? (await (find?.(image) ?? pullOrKeep(cloud, image, notes, options)));
  if (input.manifest !== undefined) {
    const own = await ownManifest(cloud, info, options.signal);
    if (own !== undefined && differs(own, manifest))
      notes.push('The image carries a manifest of its own that differs; this one wins.');
  }
  const supportInfos = new Map<string, ImageInfo>();
  for (const support of manifest.support) {
    const found = find?.(support.image, support.name) ?? pullOrKeep(cloud, support.image, notes, options);
    supportInfos.set(support.name, await found);
  }
  const supportImages = Object.fromEntries([...supportInfos].map(([name, { id }]) => [name, id]));
  const resolved = { manifest, supportImages };
  return { ok: true, deploy: { text, resolved, image, info, supportInfos, notes }, diagnostics };
}

/** A login of the server reads more than one app's images: whoever is limited to apps has it for what those came from. */
async function limited(cloud: Cloud, { apps }: Principal, options: ResolveOptions): Promise<ResolveOptions> {
  if (apps === undefined) return options;
  return { ...options, repositories: new Set((await imagesFromRegistries(cloud.db, apps)).map(repositoryOf)) };
}

/**
 * Finds images on this machine alone. One that is not here is known by its name and no more: what its metadata would
 * say is taken from the image that serves in its place. Throws when none does.
 */
async function imagesHere(cloud: Cloud, name: string, notes: string[], options: ResolveOptions) {
  const app = await findApp(cloud, name);
  const serving = app?.serving == null ? undefined : await findRelease(cloud.db, app.id, app.serving);
  const servingIds = serving && { own: serving.image_id, support: resolvedOf(serving).supportImages };
  return async (reference: string, support?: string): Promise<ImageInfo> => {
    const here = await cloud.engine.inspectImage(reference, options);
    if (here) return here;
    const id = support === undefined ? servingIds?.own : servingIds?.support[support];
    const instead = id === undefined ? undefined : await cloud.engine.inspectImage(id, options);
    if (!instead) throw notHere(reference);
    notes.push(`${reference} is not on this machine: nothing but its name is known.`);
    return { ...instead, digest: 'unknown' };
  };
}

function notHere(reference: string): ProblemError {
  return new ProblemError({
    code: 'image_not_found',
    what: 'The image is not on this machine',
    object: `image ${reference}`,
    why: 'No registry was to be asked, and nothing of this app serves in its place.',
    still: 'Nothing was changed.',
    remedy: 'Ask for a plan that may fetch images.',
  });
}

function differs(own: string, manifest: ContainerManifest): boolean {
  const parsed = parseManifest(own);
  return JSON.stringify({ ...parsed.manifest, image: undefined }) !== JSON.stringify({ ...manifest, image: undefined });
}

function noManifest(image: string): ProblemError {
  return new ProblemError({
    code: 'manifest_invalid',
    what: 'There is no manifest to deploy',
    object: `image ${image}`,
    why: 'Neither a manifest was given, nor does the image carry /cloud_manifest.yml.',
    still: 'Nothing was changed.',
    remedy: 'Deploy a folder with a cloud_manifest.yml, or put one at the root of the image.',
  });
}

function nothingToDeploy(app: string | undefined): ProblemError {
  return new ProblemError({
    code: 'not_found',
    what: 'There is nothing to deploy',
    object: app === undefined ? 'request' : `app ${app}`,
    why: 'No manifest and no image was given, and no such app serves here.',
    still: 'Nothing was changed.',
    remedy: 'Give a folder with a cloud_manifest.yml, or the name of an app that is there.',
  });
}

function noImage(name: string): ProblemError {
  return new ProblemError({
    code: 'manifest_invalid',
    what: 'The manifest names no image',
    object: `app ${name}`,
    why: 'There is no `image:` and none was given with the deploy.',
    still: 'Nothing was changed.',
    remedy: 'Add `image: …` to the manifest, or deploy with --image IMAGE.',
  });
}

/** Others are not among the features of this server, so that the rules have refused them before. */
function noContainer(name: string): ProblemError {
  return new ProblemError({
    code: 'not_available',
    what: 'The manifest asks for something that this server does not do yet',
    object: `app ${name}`,
    why: 'It runs no container.',
    still: 'Nothing was changed.',
    remedy: 'Update the server, or deploy an app with an image.',
  });
}

function otherApp(asked: string, found: string): ProblemError {
  return new ProblemError({
    code: 'conflict',
    what: 'The manifest is of another app',
    object: `app ${asked}`,
    why: `Its name is ${found}.`,
    still: 'Nothing was changed.',
    remedy: `Deploy ${found}, or change the name in the manifest.`,
  });
}
