/**
 * What an image keeps in folders that it declares as `VOLUME` and the manifest gives no storage to: it goes with the
 * container, so that people are told before they trust it, and asked before it is lost. Pure.
 */
import type { ContainerManifest } from 'minicloud-shared/manifest/model';
import { mountPath } from 'minicloud-shared/manifest/schema-scalars';
import type { ImageInfo } from '../adapters/engine/contract.ts';

/** A container's folders without storage; `support` names the support container that has them. */
export interface ImageData {
  support?: string;
  paths: string[];
}

/** Folders whose content nobody expects to find again. */
const passing = ['/tmp', '/var/tmp', '/run', '/var/run', '/var/lock', '/var/cache', '/dev/shm'];

/** Folders that nothing starts without: the engine can't mount anything over them. */
const impossible = ['/', '/usr', '/proc', '/sys', '/dev'];

/** Folders of an image whose content goes with each container, given the paths that have storage. */
export function unkeptPaths(image: Pick<ImageInfo, 'volumes'>, storage: readonly string[]): string[] {
  const kept = new Set(storage);
  return image.volumes.filter(
    (path) => !kept.has(path) && !passing.some((folder) => path === folder || path.startsWith(`${folder}/`)),
  );
}

/** The containers of a manifest with the folders of their images that have no storage. */
export function imageDataOf(
  manifest: ContainerManifest,
  image: ImageInfo | undefined,
  supportImages: ReadonlyMap<string, ImageInfo>,
): ImageData[] {
  const storage = manifest.needs.flatMap((need) => (need.kind === 'storage' ? [need.path] : []));
  const support = manifest.support.map(({ name, volumes }): ImageData => {
    const info = supportImages.get(name);
    const kept = volumes.map(({ path }) => path);
    return { support: name, paths: info ? unkeptPaths(info, kept) : [] };
  });
  return [{ paths: image ? unkeptPaths(image, storage) : [] }, ...support];
}

/** Folders that the image declares as `VOLUME` and can't be started with. */
export function impossiblePaths(image: Pick<ImageInfo, 'volumes'>): string[] {
  return image.volumes.filter((path) => impossible.includes(path));
}

/** What to know about the data of an image, and what to write so that it is kept. */
export function imageDataNotes(data: readonly ImageData[]): string[] {
  return data
    .filter(({ paths }) => paths.length > 0)
    .map(({ support, paths }) => {
      const whose = support === undefined ? 'The image' : `The image of ${support}`;
      const they = paths.length === 1 ? 'it' : 'them';
      return `${whose} keeps data at ${paths.join(', ')}, and the manifest gives ${they} no storage: what is written there goes with each release. ${keepWords(support, paths)}`;
    });
}

function keepWords(support: string | undefined, paths: readonly string[]): string {
  const possible = paths.filter((path) => mountPath.safeParse(path).success);
  const other = paths.filter((path) => !possible.includes(path));
  const write =
    support === undefined
      ? `\`needs: [${possible.map((path) => `{ storage: { path: ${path} } }`).join(', ')}]\``
      : `\`volumes: [${possible.map((path) => `{ path: ${path} }`).join(', ')}]\` for ${support} in \`support\``;
  return [
    ...(possible.length > 0 ? [`To keep it write ${write}.`] : []),
    ...(other.length > 0
      ? [`No storage is possible at ${other.join(', ')}: let it write to a folder such as /data.`]
      : []),
  ].join(' ');
}
