/** Images of the in-memory engine: a registry that can be seeded, and what was pulled from it. */
import { posix } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ProblemError } from 'minicloud-shared/model/problem';
import { extract } from 'tar-stream';
import {
  type CallOptions,
  declaredVolumes,
  type Engine,
  type ImageInfo,
  type Labels,
  type Platform,
  platformProblem,
  type RegistryCredentials,
} from './contract.ts';
import type { ImageCalls } from './docker-images.ts';
import { digestOf, type MemoryFile, type MemoryImage, type MemoryWorld } from './memory-world.ts';
import { conflict, fileTooLarge, guardOurImage, imageMissing } from './problems.ts';
import { isImageId, parseReference } from './reference.ts';

/** The machine that the in-memory engine plays. */
export const memoryPlatform: Platform = { os: 'linux', arch: 'amd64' };

export interface SeedImage {
  /** Absolute paths. */
  files?: Record<string, MemoryFile | string>;
  arch?: string;
  exposedPorts?: number[];
  labels?: Labels;
  user?: string;
  volumes?: string[];
  /** What a pull must bring along. */
  credentials?: RegistryCredentials;
  /** Is on the machine already, without a pull. */
  local?: boolean;
}

interface Settings {
  acceptAnyImage: boolean;
  enter(call: keyof Engine, object: string, options?: CallOptions): Promise<void>;
}

export function memoryImages(world: MemoryWorld, { acceptAnyImage, enter }: Settings): ImageCalls {
  const find = (reference: string): MemoryImage | undefined => {
    const id = isImageId(reference) ? reference : world.tags.get(fullName(reference));
    return id === undefined ? undefined : world.images.get(id);
  };
  const known = (reference: string): MemoryImage => {
    const image = find(reference);
    if (image) return image;
    throw imageMissing(reference);
  };
  const keep = (image: MemoryImage, name: string): ImageInfo => {
    nameImage(world, image, name);
    return described(world.images.get(image.info.id) ?? image);
  };

  return {
    async pullImage(reference, options = {}) {
      await enter('pullImage', reference, options);
      const name = fullName(reference);
      if (acceptAnyImage && !world.registry.has(name)) addImage(world, reference, {});
      const image = world.registry.get(name);
      if (!image) throw imageMissing(reference, 'manifest unknown');
      const { credentials } = image;
      const given = options.credentials;
      if (credentials && (credentials.username !== given?.username || credentials.password !== given.password)) {
        throw denied(reference);
      }
      const wrong = platformProblem(reference, image.info, memoryPlatform);
      if (wrong) throw new ProblemError(wrong);
      options.onProgress?.({ received: image.info.sizeBytes, expected: image.info.sizeBytes });
      return keep(image, name);
    },
    async inspectImage(reference, options) {
      await enter('inspectImage', reference, options);
      const image = find(reference);
      return image && described(image);
    },
    async readImageFile(reference, paths, maxBytes, options) {
      await enter('readImageFile', `${reference} ${paths.join(' ')}`, options);
      const { files } = known(reference);
      for (const path of paths) {
        const first = files.get(posix.resolve('/', path));
        const file = first && 'link' in first ? files.get(posix.resolve(posix.dirname(path), first.link)) : first;
        if (!file || 'link' in file) continue;
        if (file.byteLength > maxBytes) throw fileTooLarge(path, file.byteLength, maxBytes);
        return file;
      }
      return undefined;
    },
    async tagImage(reference, name, options) {
      await enter('tagImage', reference, options);
      nameImage(world, known(reference), fullName(name));
    },
    async removeImage(reference, options) {
      await enter('removeImage', reference, options);
      guardOurImage(reference);
      const name = fullName(reference);
      const image = find(reference);
      if (!image) return;
      const { id } = image.info;
      const last = image.names.size === 1;
      const user = last && [...world.containers.values()].find(({ spec }) => spec.image === id);
      if (user) throw conflict(`image ${reference}`, `The container ${user.spec.name} is made of it.`);
      world.tags.delete(name);
      image.names.delete(name);
      if (last) world.images.delete(id);
    },
    async buildImage(context, tag, options = {}) {
      await enter('buildImage', tag, options);
      const tar = await buffer(context);
      const files = await readTar(tar);
      if (!files.has('/Dockerfile')) throw buildFailed(tag, 'Cannot locate specified Dockerfile: Dockerfile');
      options.onLine?.('Successfully built');
      const seed = digestOf(tar) + JSON.stringify([options.labels, options.buildArgs]);
      return keep(makeImage(seed, { labels: options.labels }, new Map()), fullName(tag));
    },
    async importImage(rootfs, tag, options) {
      await enter('importImage', tag, options);
      const tar = await buffer(rootfs);
      return keep(makeImage(digestOf(tar), {}, await readTar(tar)), fullName(tag));
    },
  };
}

/** Puts an image where it can be pulled, and on the machine when it says `local`. */
export function addImage(world: MemoryWorld, reference: string, seed: SeedImage): ImageInfo {
  const files = new Map(
    Object.entries(seed.files ?? {}).map(([path, content]): [string, MemoryFile] => [
      path,
      typeof content === 'string' ? Buffer.from(content) : content,
    ]),
  );
  const name = fullName(reference);
  const image = makeImage(name + JSON.stringify(seed), seed, files);
  world.registry.set(name, image);
  if (seed.local) nameImage(world, image, name);
  return image.info;
}

function makeImage(seed: string, init: SeedImage, files: Map<string, MemoryFile>): MemoryImage {
  const id = digestOf(`configuration ${seed}`);
  const info: ImageInfo = {
    id,
    digest: digestOf(`manifest ${seed}`),
    tags: [],
    os: 'linux',
    arch: init.arch ?? 'amd64',
    sizeBytes: 1_000_000,
    exposedPorts: init.exposedPorts ?? [],
    user: init.user ?? '',
    volumes: declaredVolumes(init.volumes ?? []),
    labels: init.labels ?? {},
  };
  return { info, files, names: new Set(), ...(init.credentials && { credentials: init.credentials }) };
}

/** Puts it on the machine under a name, which any other image loses. */
function nameImage(world: MemoryWorld, image: MemoryImage, name: string): void {
  const here = world.images.get(image.info.id) ?? image;
  const before = world.images.get(world.tags.get(name) ?? '');
  before?.names.delete(name);
  here.names.add(name);
  world.images.set(here.info.id, here);
  world.tags.set(name, here.info.id);
}

function described({ info, names }: MemoryImage): ImageInfo {
  return { ...info, tags: [...names] };
}

function fullName(reference: string): string {
  const { repository, tag, digest } = parseReference(reference);
  return digest ? `${repository}@${digest}` : `${repository}:${tag}`;
}

async function readTar(tar: Uint8Array): Promise<Map<string, MemoryFile>> {
  const files = new Map<string, MemoryFile>();
  const archive = extract();
  archive.end(tar);
  for await (const entry of archive) {
    const { name, type, linkname } = entry.header;
    const path = posix.resolve('/', name);
    if (type === 'file') files.set(path, await buffer(entry));
    else if (type === 'symlink' && linkname) files.set(path, { link: linkname });
    entry.resume();
  }
  return files;
}

function denied(reference: string): ProblemError {
  return new ProblemError({
    code: 'registry_denied',
    what: 'The engine could not pull the image',
    object: `image ${reference}`,
    why: 'unauthorized: authentication required',
    remedy: 'Check the name of the image; if it is private, log in to its registry on the server.',
  });
}

function buildFailed(tag: string, why: string): ProblemError {
  return new ProblemError({
    code: 'engine_failed',
    what: 'The engine could not build the image',
    object: `image ${tag}`,
    why,
    remedy: 'Put a Dockerfile into the folder that is sent.',
  });
}
