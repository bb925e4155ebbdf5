/**
 * The platform's own images: from a registry where one can be reached, else built here from `server/images/<name>`
 * on a base made with Debian's mmdebstrap. What is on the machine already is used as it is.
 */
import path from 'node:path';
import { ProblemError, toProblem } from 'minicloud-shared/model/problem';
import type { Engine, ImageInfo } from '../adapters/engine/contract.ts';
import { makeRootfs } from './base.ts';
import { contextHash, packContext } from './context.ts';
import {
  baseTag,
  defaultContactMs,
  type ImageSettings,
  type PlatformImageName,
  referenceOf,
  registryOf,
} from './settings.ts';

export interface PlatformImage {
  id: string;
  source: 'registry' | 'built' | 'present';
  /** The name it was found, pulled or built under. */
  reference: string;
}

const buildDeadlineMs = 20 * 60_000;

/** Why a registry could not be reached, by host: asked once for each engine, as a second wait would tell nothing new. */
const unreachable = new WeakMap<Engine, Map<string, string>>();

/**
 * Makes sure that an image of the platform is on this machine and gives its id. Progress goes to `say`, line by line.
 * Throws the registry's problem when the choice is `registry`, `image_unusable` when a build fails.
 */
export async function ensurePlatformImage(
  engine: Engine,
  name: PlatformImageName,
  settings: ImageSettings,
  say: (line: string) => void,
  options: { signal?: AbortSignal } = {},
): Promise<PlatformImage> {
  const { reference, builtTag } = await namesOf(name, settings);
  const present = await platformImageHere(engine, name, settings, options);
  if (present) return present;
  if (reference) {
    const pulled = await pull(engine, reference, settings, say, options.signal);
    if (pulled) {
      if (name === 'base') await engine.tagImage(pulled.id, baseTag, options);
      return { id: pulled.id, source: 'registry', reference };
    }
  }
  const built = await (name === 'base' ? importBase : build)(engine, name, builtTag, settings, say, options.signal);
  return { id: built.id, source: 'built', reference: builtTag };
}

/** The image when it is on this machine; nothing is fetched or built. */
export async function platformImageHere(
  engine: Engine,
  name: PlatformImageName,
  settings: ImageSettings,
  options: { signal?: AbortSignal } = {},
): Promise<PlatformImage | undefined> {
  const { reference, builtTag } = await namesOf(name, settings);
  const candidates = settings.choice === 'registry' && reference ? [reference] : [reference, builtTag];
  for (const candidate of candidates) {
    const present = candidate && (await engine.inspectImage(candidate, options));
    if (present) return { id: present.id, source: 'present', reference: candidate };
  }
  return undefined;
}

/** The names that an image of the platform may have here. */
async function namesOf(name: PlatformImageName, settings: ImageSettings) {
  return {
    reference: settings.choice === 'build' ? undefined : referenceOf(name, settings),
    builtTag:
      name === 'base' ? baseTag : `minicloud/${name}:${await contextHash(path.join(settings.imagesFolder, name))}`,
  };
}

/** The image, or undefined when it has to be built instead. */
async function pull(
  engine: Engine,
  reference: string,
  settings: ImageSettings,
  say: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<ImageInfo | undefined> {
  const strict = settings.choice === 'registry';
  const registry = registryOf(reference);
  const known = unreachable.get(engine) ?? new Map<string, string>();
  unreachable.set(engine, known);
  if (!strict && known.has(registry)) return undefined;

  say(`pulling ${reference}`);
  const noContact = new AbortController();
  const contactMs = settings.contactMs ?? defaultContactMs;
  const timer = strict ? undefined : setTimeout(() => noContact.abort(), contactMs);
  let lastTenth = -1;
  try {
    return await engine.pullImage(reference, {
      signal: signal ? AbortSignal.any([signal, noContact.signal]) : noContact.signal,
      onProgress: ({ received, expected }) => {
        clearTimeout(timer);
        const tenth = expected > 0 ? Math.floor((10 * received) / expected) : 0;
        if (tenth > lastTenth) say(`pulled ${megabytes(received)} of ${megabytes(expected)} MB of ${reference}`);
        lastTenth = Math.max(lastTenth, tenth);
      },
    });
  } catch (error) {
    if (strict || signal?.aborted) throw error;
    const silent = noContact.signal.aborted;
    const problem = toProblem(error);
    const why = silent ? `it did not begin to send within ${contactMs / 1000} s` : problem.why;
    if (silent || problem.code === 'registry_unreachable' || problem.code === 'timeout') known.set(registry, why);
    say(`${registry} gave no image (${why}); building it here instead`);
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

type Make = (
  engine: Engine,
  name: PlatformImageName,
  tag: string,
  settings: ImageSettings,
  say: (line: string) => void,
  signal: AbortSignal | undefined,
) => Promise<ImageInfo>;

const importBase: Make = async (engine, _name, tag, settings, say, signal) => {
  say('making the base image of Debian 13 (about 15 s, once)');
  return makeRootfs(settings, say, signal, (tar) => engine.importImage(tar, tag, signal ? { signal } : {}));
};

const build: Make = async (engine, name, tag, settings, say, signal) => {
  const base = await ensurePlatformImage(engine, 'base', settings, say, signal ? { signal } : {});
  if (base.reference !== baseTag) await engine.tagImage(base.id, baseTag, signal ? { signal } : {});
  say(`building ${tag} (about 30 s, once for each version)`);
  const deadline = AbortSignal.timeout(buildDeadlineMs);
  const tail: string[] = [];
  try {
    return await engine.buildImage(await packContext(path.join(settings.imagesFolder, name)), tag, {
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      buildArgs: { BASE: baseTag },
      onLine: (line) => {
        tail.push(line);
        if (tail.length > 15) tail.shift();
        if (/^Step \d+/.test(line)) say(`${name}: ${line.slice(0, 100)}`);
      },
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    const problem = toProblem(error);
    throw new ProblemError(
      {
        code: 'image_unusable',
        what: 'An image of the platform could not be built',
        object: `image ${tag}`,
        why: problem.why,
        still: 'Apps that run are not touched.',
        remedy: 'Check that this machine reaches the Debian archive, or name a registry mirror that has the image.',
        evidence: tail,
      },
      { cause: error },
    );
  }
};

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
