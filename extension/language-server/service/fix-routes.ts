/** Fixes for ports, domains, routes and what they lead to. */
import type { Fix } from 'minicloud-shared/manifest/model';
import type { Path } from 'minicloud-shared/manifest/path';
import { closest } from 'minicloud-shared/manifest/suggest';
import { exposesOf, processNamesOf } from 'minicloud-shared/manifest/view';
import type { FixContext, Fixer } from './fix.ts';

/** The next port from a number on that no entry has. */
function freePort({ document }: FixContext, from: number): number {
  const taken = new Set(exposesOf(document.context.text).map(({ port }) => port));
  const candidates = Array.from({ length: 200 }, (_, index) => from + index).filter((port) => port <= 65_535);
  return candidates.find((port) => !taken.has(port)) ?? 8080;
}

const portTwice: Fixer = (context) => {
  const { draft, path } = context;
  const entry = path.slice(0, -1);
  const own = exposesOf(context.document.context.text).find((expose) => expose.path.join() === entry.join());
  const port = freePort(context, Number(own?.port ?? 8080) + 1);
  const removal = draft().remove(entry).fix('Remove this entry');
  const moved = draft().set(path, port).fix(`Change to ${port}`);
  // An entry with domains was meant for something.
  return own && own.domains.length > 0 ? [moved, removal] : [removal, moved];
};

const domainTwice: Fixer = ({ draft, path, facts, document }) => [
  draft().remove(path).fix('Remove the repetition'),
  ...freeDomains({ path, document, ...(facts ? { facts } : {}) }).map((name) =>
    draft().set(path, name).fix(`Change to ${name}`),
  ),
  draft().remove(path.slice(0, -2)).fix('Remove this entry'),
];

/** Names that nobody has: under the server's domain, or one beside the wanted one. */
function freeDomains({ document, facts, path }: Pick<FixContext, 'document' | 'facts' | 'path'>): string[] {
  const { text } = document.context;
  const own = new Set([
    ...exposesOf(text).flatMap(({ domains }) => domains.map(({ name }) => name)),
    ...(text.forward?.domains ?? []),
  ]);
  const isFree = (name: string): boolean =>
    !own.has(name) &&
    !facts?.domains.some((domain) => domain.name === name) &&
    !facts?.apps.some((app) => name === `${app}.${facts.serverDomain}` && app !== text.name);
  const node = document.context.nodeAt(path);
  const wanted = node?.kind === 'scalar' && typeof node.value === 'string' ? node.value.toLowerCase() : undefined;
  const [head = '', ...rest] = (wanted ?? '').split('.');
  const beside =
    head === '*' || rest.length < 1 ? [] : [2, 3, 4].map((number) => `${head}-${number}.${rest.join('.')}`);
  const given =
    facts?.serverDomain && text.name
      ? [`${text.name}.${facts.serverDomain}`, `www.${text.name}.${facts.serverDomain}`]
      : [];
  return [...given, ...beside].filter(isFree).slice(0, 2);
}

const domainOwned: Fixer = (context) => {
  const { draft, path } = context;
  const isName = path.length === 1;
  const name = context.document.context.text.name ?? '';
  return [
    ...freeDomains(context).map((free) => draft().set(path, free).fix(`Change to ${free}`)),
    ...(isName
      ? [
          draft()
            .set(path, `${name.slice(0, 38)}-2`)
            .fix(`Change to ${name.slice(0, 38)}-2`),
        ]
      : []),
    ...(isName ? [] : [draft().remove(path).fix('Remove this domain')]),
  ];
};

const withoutDomain: Fixer = ({ draft, path, document, facts }) => {
  const { name, expose } = document.context.text;
  const entry = path.slice(0, -1);
  const port = expose?.[Number(entry[1])]?.port ?? 'other';
  const domain = facts?.serverDomain ? facts.serverDomain : 'localhost';
  const wanted = facts?.serverDomain ? `p${port}.${name}.${domain}` : `${name}-${port}.${domain}`;
  const listed = document.context.nodeAt([...entry, 'domains']);
  return [
    (listed ? draft().push([...entry, 'domains'], wanted) : draft().add(entry, 'domains', [wanted])).fix(
      `Give it the domain ${wanted}`,
    ),
    draft().remove(entry).fix('Remove this entry'),
  ];
};

const httpOnly: Fixer = ({ draft, path }) => {
  const entry = path.slice(0, -1);
  return [
    draft()
      .remove(path)
      .fix(`Remove ${path.at(-1)}`),
    draft()
      .set([...entry, 'proto'], 'http')
      .fix('Use proto: http'),
  ];
};

const healthcheckPort: Fixer = ({ draft, path, document }) => {
  const ports = exposesOf(document.context.text)
    .filter(({ proto }) => proto !== 'udp')
    .map(({ port }) => port);
  return [
    ...ports.flatMap((port) => (port === undefined ? [] : [draft().set(path, port).fix(`Check port ${port}`)])),
    ...(path.length > 1 ? [draft().remove(path).fix('Check the first port')] : []),
    draft().remove(['healthcheck']).fix('Remove the healthcheck'),
  ];
};

const exposeProcess: Fixer = ({ draft, path, document }) => {
  const names = processNamesOf(document.context.text) ?? [];
  const node = document.context.nodeAt(path);
  const wanted = node?.kind === 'scalar' ? String(node.value) : '';
  const meant = closest(wanted, names);
  const sorted = [...names].sort((a, b) => Number(b === meant) - Number(a === meant)).slice(0, 4);
  return [
    ...sorted.map((name) => draft().set(path, name).fix(`Change to ${name}`)),
    draft().remove(path).fix('Lead to the primary process'),
  ];
};

/** Removed by its path, and nothing else to decide. */
const removal =
  (title: string): Fixer =>
  ({ draft, path }) => [draft().remove(path).fix(title)];

const forwardAlone: Fixer = ({ draft, path }): (Fix | undefined)[] => [
  draft().remove(path).fix(`Remove ${path[0]}`),
  draft().remove(['forward']).fix('Remove the forward'),
];

/** A section added to the manifest, or a key to the section that is there. */
export function addedTo({ draft, document }: FixContext, section: string, key: string, value: string): Fix | undefined {
  const there: Path = [section];
  const node = document.context.nodeAt([section, key]);
  if (node) return draft().set([section, key], value).fix('');
  return document.context.nodeAt(there)
    ? draft().add(there, key, value).fix('')
    : draft()
        .add([], section, { [key]: value })
        .fix('');
}

const healthUnsaid: Fixer = (context) => {
  const added = addedTo(context, 'healthcheck', 'path', '/');
  return [added && { ...added, title: 'Add a healthcheck' }];
};

export const routeFixers: Readonly<Record<string, Fixer>> = {
  'manifest/port-twice': portTwice,
  'manifest/domain-twice': domainTwice,
  'manifest/domain-owned': domainOwned,
  'manifest/expose-without-domain': withoutDomain,
  'manifest/http-only': httpOnly,
  'manifest/healthcheck-port': healthcheckPort,
  'manifest/healthcheck-unsaid': healthUnsaid,
  'manifest/expose-process': exposeProcess,
  'manifest/no-replica': ({ draft, path }) => [draft().set(path, 1).fix('Run one replica')],
  'manifest/forward-alone': forwardAlone,
  'manifest/env-port': removal('Remove PORT'),
};
