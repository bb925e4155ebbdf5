/** What the parts of an image's name are, and where a person can read about it. */

export interface ImageName {
  registry: string;
  repository: string;
  tag?: string;
  digest?: string;
}

/** Docker's reading of a name: the first part is a registry when it has a dot or a port, else it is Docker Hub's. */
export function readImage(text: string): ImageName | undefined {
  const match = /^(?<name>[^@\s]+?)(?::(?<tag>[\w][\w.-]{0,127}))?(?:@(?<digest>[a-z0-9]+:[a-f0-9]{32,}))?$/.exec(text);
  const { name, tag, digest } = match?.groups ?? {};
  if (name === undefined) return undefined;
  const [first = '', ...rest] = name.split('/');
  const named = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const registry = named && first !== 'index.docker.io' ? first : 'docker.io';
  const path = named ? rest.join('/') : name;
  const repository = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  if (repository === '' || repository.endsWith('/')) return undefined;
  return { registry, repository, ...(tag ? { tag } : {}), ...(digest ? { digest } : {}) };
}

const pages: readonly [registry: RegExp, page: (image: ImageName) => string][] = [
  [
    /^docker\.io$/,
    ({ repository, tag }) => {
      const [owner, name] = repository.split('/');
      const page = owner === 'library' ? `_/${name}` : `r/${repository}`;
      return `https://hub.docker.com/${page}${tag ? `/tags?name=${encodeURIComponent(tag)}` : ''}`;
    },
  ],
  [/^ghcr\.io$/, ({ repository }) => `https://ghcr.io/${repository}`],
  [/^quay\.io$/, ({ repository }) => `https://quay.io/repository/${repository}?tab=tags`],
  [/^registry\.gitlab\.com$/, ({ repository }) => `https://gitlab.com/${repository}/container_registry`],
  [/^mcr\.microsoft\.com$/, ({ repository }) => `https://mcr.microsoft.com/en-us/artifact/mar/${repository}/tags`],
  [/^public\.ecr\.aws$/, ({ repository }) => `https://gallery.ecr.aws/${repository}`],
  [/^(?:[\w-]+\.)?gcr\.io$|\.pkg\.dev$/, ({ registry, repository }) => `https://${registry}/${repository}`],
];

/** The page of an image on the web; undefined for registries that have none. */
export function imagePage(text: string): string | undefined {
  const image = readImage(text);
  return image && pages.find(([registry]) => registry.test(image.registry))?.[1](image);
}
