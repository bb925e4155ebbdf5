/** Images for deploys: the registry is asked for the truth, what is here already is the fallback. */
import { ProblemError } from 'minicloud-shared/model/problem';
import { type Engine, type ImageInfo, platformProblem } from '../adapters/engine/contract.ts';
import type { Cloud } from '../context.ts';
import { createLanes, type Lanes } from '../platform/lanes.ts';
import { impossiblePaths } from './image-data.ts';
import type { ResolveOptions } from './resolve.ts';

/** How long a registry that did not answer is not asked again. */
const silentForMs = 60_000;
const silentUntil = new WeakMap<Cloud, Map<string, number>>();

/**
 * The image as the registry has it now. An image that never was in a registry, or that is named by its digest and
 * is here, is taken as it is; one that is here while its registry does not answer is too, with a note. Who is limited
 * to the repositories of some apps gets all others as anybody would who asks their registry: without a login, and never
 * because the image is here for somebody else.
 */
export async function pullOrKeep(
  cloud: Cloud,
  reference: string,
  notes: string[],
  options: ResolveOptions,
): Promise<ImageInfo> {
  const { repositories, ...calling } = options;
  const own = repositories === undefined || repositories.has(repositoryOf(reference));
  const here = await cloud.engine.inspectImage(reference, { signal: options.signal });
  const byDigest = own && reference.includes('@sha256:');
  if (here && (here.digest === here.id || byDigest || reference.startsWith('sha256:')))
    return runnable(cloud, reference, here);
  const silent = silentUntil.get(cloud) ?? new Map<string, number>();
  silentUntil.set(cloud, silent);
  const registry = registryOf(reference);
  if (own && here && (silent.get(registry) ?? 0) > cloud.clock.now()) {
    // The very words of the first time: they are part of the plan, which would be another one otherwise.
    notes.push(keptNote(registry, reference));
    return runnable(cloud, reference, here);
  }
  try {
    const logins = repositories === undefined ? 'told' : own ? 'untold' : 'none';
    return runnable(cloud, reference, await cloud.engine.pullImage(reference, { ...calling, logins }));
  } catch (error) {
    const code = error instanceof ProblemError ? error.problem.code : undefined;
    // Where nobody can tell that it was built here, a registry that has none is no reason not to take it.
    const builtHere =
      !cloud.engine.capabilities.tellsBuiltImages && (code === 'image_not_found' || code === 'registry_denied');
    if (!own || !here || !(code === 'registry_unreachable' || builtHere)) throw error;
    if (!builtHere) silent.set(registry, cloud.clock.now() + silentForMs);
    notes.push(builtHere ? builtNote(registry, reference) : keptNote(registry, reference));
    return runnable(cloud, reference, here);
  }
}

/** Images that are fetched at a time for operations, and of them from one registry: a silent one leaves room for others. */
const pullWidth = { all: 4, each: 2 };
interface PullTurns {
  all: Lanes;
  each: Map<string, Lanes>;
}
const pullTurns = new WeakMap<Cloud, PullTurns>();

/** The image as the registry has it, as soon as few enough others are being fetched. */
export async function pullInTurn(
  cloud: Cloud,
  reference: string,
  options: Parameters<Engine['pullImage']>[1] & { signal: AbortSignal },
): Promise<ImageInfo> {
  const turns = pullTurns.get(cloud) ?? { all: createLanes(pullWidth.all), each: new Map<string, Lanes>() };
  pullTurns.set(cloud, turns);
  const registry = registryOf(reference);
  const own = turns.each.get(registry) ?? createLanes(pullWidth.each);
  turns.each.set(registry, own);
  return own.run(options.signal, () => turns.all.run(options.signal, () => cloud.engine.pullImage(reference, options)));
}

const keptNote = (registry: string, reference: string) =>
  `${registry} does not answer: ${reference} is deployed as it is on this machine.`;
const builtNote = (registry: string, reference: string) =>
  `${registry} has no ${reference} for this server: it is deployed as it is on this machine.`;

/** The image, unless its metadata says that it can't be started here. */
function runnable(cloud: Cloud, reference: string, image: ImageInfo): ImageInfo {
  const problem = platformProblem(reference, image, cloud.engine.platform);
  if (problem) throw new ProblemError(problem);
  const [path] = impossiblePaths(image);
  if (path !== undefined) throw impossibleVolume(reference, path);
  return image;
}

function impossibleVolume(reference: string, path: string): ProblemError {
  return new ProblemError({
    code: 'image_unusable',
    what: 'The image can not be started',
    object: `image ${reference}`,
    why: `It declares a VOLUME at ${path}, a folder of the system that nothing starts without.`,
    still: 'Nothing was changed.',
    remedy: `Take \`VOLUME ${path}\` out of its Dockerfile and build it again; data has a place of its own, such as /data.`,
  });
}

/** Names under which an image carries its own manifest. */
const imageManifests = ['/cloud_manifest.yml', '/cloud_manifest.yaml', '/cloud_manifest.json'];
const manifestMaxBytes = 256 * 1024;
/** An image never changes under its id: a plan and the deploy after it look into it once. */
const manifests = new WeakMap<Cloud, Map<string, string | undefined>>();
const keptManifests = 32;

/** The manifest that the image carries at its root, or undefined. */
export async function ownManifest(cloud: Cloud, image: ImageInfo, signal: AbortSignal): Promise<string | undefined> {
  const kept = manifests.get(cloud) ?? new Map<string, string | undefined>();
  manifests.set(cloud, kept);
  if (kept.has(image.id)) return kept.get(image.id);
  const text = await readManifest(cloud, image, signal);
  const [oldest] = kept.keys();
  if (kept.size >= keptManifests && oldest !== undefined) kept.delete(oldest);
  kept.set(image.id, text);
  return text;
}

async function readManifest(cloud: Cloud, image: ImageInfo, signal: AbortSignal): Promise<string | undefined> {
  const bytes = await cloud.engine.readImageFile(image.id, imageManifests, manifestMaxBytes, { signal });
  return bytes && new TextDecoder().decode(bytes);
}

/** `docker.io/me/shop:2` → `docker.io/me/shop`, as it is written. */
export function repositoryOf(reference: string): string {
  const [named = ''] = reference.split('@');
  return named.replace(/:[^/:]*$/, '');
}

/** Host of the registry that a reference names; `docker.io` when it names none. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const isHost = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost');
  return isHost ? first : 'docker.io';
}
