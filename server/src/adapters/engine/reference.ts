/** Names of images: `docker.io/me/shop:2`, `me/shop@sha256:…`. */
import { ProblemError } from 'minicloud-shared/model/problem';

export interface ImageReference {
  /** With the registry, `docker.io/library/nginx`. */
  repository: string;
  /** `latest` when neither tag nor digest is said. */
  tag?: string;
  digest?: string;
}

const registryPattern = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/;
const segmentPattern = /^[a-z0-9]+([._-]+[a-z0-9]+)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** The parts of a reference, the short forms spelled out. Throws `invalid_input`. */
export function parseReference(text: string): ImageReference {
  const [named = '', digest, ...more] = text.split('@');
  const colon = named.lastIndexOf(':');
  const tagged = colon > named.lastIndexOf('/');
  const name = tagged ? named.slice(0, colon) : named;
  const tag = tagged ? named.slice(colon + 1) : undefined;
  const [first = '', ...rest] = name.split('/');
  const segments = rest.length > 0 && isRegistry(first) ? rest : [first, ...rest];
  const valid =
    text.length <= 512 &&
    more.length === 0 &&
    (rest.length === 0 || !isRegistry(first) || registryPattern.test(first)) &&
    segments.every((segment) => segmentPattern.test(segment)) &&
    (tag === undefined || tagPattern.test(tag)) &&
    (digest === undefined || isImageId(digest));
  if (!valid) {
    throw new ProblemError({
      code: 'invalid_input',
      what: "This can't be the name of an image",
      object: `image ${text.slice(0, 80)}`,
      why: 'A name is registry/path:tag or registry/path@sha256:digest, in small letters.',
      remedy: 'Correct the image in the manifest.',
    });
  }
  const repository = withRegistry(name);
  return digest ? { repository, digest } : { repository, tag: tag ?? 'latest' };
}

/** True for an id of an image: `sha256:` and 64 hexadecimal digits. */
export function isImageId(text: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/** Docker drops its own registry from names and Podman doesn't; both are brought to the full form to be compared. */
function withRegistry(name: string): string {
  const [first = '', ...rest] = name.split('/');
  if (rest.length === 0 || !isRegistry(first))
    return rest.length > 0 ? `docker.io/${name}` : `docker.io/library/${name}`;
  return first === 'docker.io' && rest.length === 1 ? `docker.io/library/${rest[0]}` : name;
}

function isRegistry(segment: string): boolean {
  return segment.includes('.') || segment.includes(':') || segment === 'localhost';
}

/** The digest under which an image is known in the registry of `repository`, or in any when that one is not told. */
export function repoDigest(repoDigests: readonly string[], repository: string | undefined): string | undefined {
  const known = repoDigests.flatMap((entry) => {
    const at = entry.lastIndexOf('@');
    return at > 0 ? [{ repository: withRegistry(entry.slice(0, at)), digest: entry.slice(at + 1) }] : [];
  });
  return (known.find((entry) => entry.repository === repository) ?? known[0])?.digest;
}
