/** What the rules look at: the routes, names, mounts and variables of a manifest that may be half read. */
import { normalizeDomain } from './domain.ts';
import type { Path } from './path.ts';
import type { RuleContext } from './rules.ts';
import type { PartialText } from './schema.ts';
import { needDefaults } from './schema-parts.ts';

export interface ExposeView {
  path: Path;
  port: number | undefined;
  proto: 'http' | 'tcp' | 'udp';
  /** As written; undefined means the primary process. */
  process: string | undefined;
  domains: { name: string; path: Path }[];
  prefix: string;
}

export function exposesOf(text: PartialText): ExposeView[] {
  return (text.expose ?? []).flatMap((item, index) => {
    if (!item) return [];
    const path = ['expose', index];
    return [
      {
        path,
        port: item.port,
        proto: item.proto ?? 'http',
        process: item.process,
        domains: domainsOf(item.domains, [...path, 'domains']),
        prefix: item.path ?? '/',
      },
    ];
  });
}

/** Domains in the form that routes use, with their places. */
export function domainsOf(
  list: readonly (string | undefined)[] | undefined,
  path: Path,
): { name: string; path: Path }[] {
  return (list ?? []).flatMap((text, index) => {
    const result = text === undefined ? undefined : normalizeDomain(text);
    return result?.ok ? [{ name: result.name, path: [...path, index] }] : [];
  });
}

/** Names of the processes; undefined when they could not be read. */
export function processNamesOf(text: PartialText): string[] | undefined {
  if (text.processes === undefined) return undefined;
  const names = Object.keys(text.processes);
  return names.length > 0 ? names : ['web'];
}

/** `web` when there is one, else the first. */
export function primaryOf(names: readonly string[]): string {
  return names.includes('web') ? 'web' : (names[0] ?? 'web');
}

export type NeedKind = keyof typeof needDefaults;
export interface NeedView {
  kind: NeedKind;
  path: Path;
  /** Variable that gets the URL, and where it is said. */
  env?: { name: string; path: Path };
  /** Mount path of storage, and where it is said. */
  mount?: { folder: string; path: Path };
}

/** What is written and can't be read is left out; it is not the default. */
export function needsOf({ text, nodeAt }: Pick<RuleContext, 'text' | 'nodeAt'>): NeedView[] {
  return (text.needs ?? []).flatMap((need, index): NeedView[] => {
    const path: Path = ['needs', index];
    if (need === undefined) return [];
    const kind = typeof need === 'string' ? need : (Object.keys(need)[0] as NeedKind | undefined);
    if (kind === undefined) return [];
    const said =
      typeof need === 'string' ? undefined : (Object.values(need)[0] as { env?: string; path?: string } | undefined);
    const inside = typeof need === 'string' ? path : [...path, kind];
    const key = kind === 'storage' ? 'path' : 'env';
    if (said && said[key] === undefined && nodeAt([...inside, key])) return [{ kind, path }];
    if (kind === 'storage')
      return [
        {
          kind,
          path,
          mount: { folder: said?.path ?? needDefaults.storage.path, path: at(said?.path, inside, 'path') },
        },
      ];
    return [{ kind, path, env: { name: said?.env ?? needDefaults[kind].env, path: at(said?.env, inside, 'env') } }];
  });
}

function at(said: string | undefined, inside: Path, key: string): Path {
  return said === undefined ? inside : [...inside, key];
}
