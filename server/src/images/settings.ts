/** Which images the platform runs on, and where they may come from. */

export const platformImageNames = ['base', 'proxy', 'mariadb', 'sample'] as const;
export type PlatformImageName = (typeof platformImageNames)[number];

/** `auto` asks the registry and builds when it can't be reached. */
export type ImageChoice = 'auto' | 'registry' | 'build';

export interface ImageSettings {
  /** Folder that holds `<name>/Dockerfile`: `server/images`. */
  imagesFolder: string;
  /** Folder for files that are made on the way and removed again. */
  workFolder: string;
  choice: ImageChoice;
  /** Other images than the defaults, by name. */
  references?: Partial<Record<PlatformImageName, string>>;
  /** Host, port and path to put in place of `docker.io`: `127.0.0.1:5000` or `mirror.example.com/hub`. */
  mirror?: string;
  /** Where Debian packages for the base image come from, when not from Debian itself. */
  debianMirror?: string;
  /** Milliseconds in which a registry must begin to send, in `auto`. */
  contactMs?: number;
}

/** Pinned; the sample is ours and in no registry. */
const defaultReferences: Partial<Record<PlatformImageName, string>> = {
  base: 'docker.io/library/debian:trixie-slim',
  proxy: 'docker.io/openresty/openresty:1.27.1.2-3-bookworm',
  mariadb: 'docker.io/library/mariadb:11.8',
};

/** The name under which images are built on it. */
export const baseTag = 'minicloud/base:trixie';

export const defaultContactMs = 8_000;

/** The reference to pull for a platform image, through the mirror when one is set; undefined for the sample. */
export function referenceOf(
  name: PlatformImageName,
  settings: Pick<ImageSettings, 'references' | 'mirror'>,
): string | undefined {
  const reference = settings.references?.[name] ?? defaultReferences[name];
  if (reference === undefined) return undefined;
  return settings.mirror === undefined ? reference : throughMirror(reference, settings.mirror);
}

/** A reference on Docker Hub, as the mirror names it; references to other registries are left as they are. */
export function throughMirror(reference: string, mirror: string): string {
  const hub = 'docker.io/';
  return reference.startsWith(hub) ? `${mirror.replace(/\/+$/, '')}/${reference.slice(hub.length)}` : reference;
}

/** Host and port of the registry in a full reference. */
export function registryOf(reference: string): string {
  return reference.split('/')[0] ?? reference;
}
