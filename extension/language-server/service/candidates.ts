/** Values that may be meant at a place, from the rest of the manifest, the server's facts and the files around it. */
import { normalizeDomain } from 'minicloud-shared/manifest/domain';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { capabilities, engineNames, needDefaults } from 'minicloud-shared/manifest/schema-parts';
import { domainsOf, exposesOf, primaryOf, processNamesOf } from 'minicloud-shared/manifest/view';
import { filesAt, foldersAt } from './files.ts';
import type { Known } from './known.ts';
import type { ManifestPath } from './locate.ts';
import { scheduleWords } from './schedule.ts';
import { serviceWords } from './service-words.ts';

export interface Candidate {
  text: string;
  detail: string;
  kind: 'fact' | 'word' | 'file' | 'folder';
  /** A number, which stands without quotes. */
  bare?: boolean;
}

export interface Asking {
  path: ManifestPath;
  /** What of the value is written before the cursor. */
  head: string;
  document: ManifestDocument;
  known: Known;
}

/** What fits at a place; `*` stands for any one part of the path. The first row that fits answers. */
const sources: readonly [at: string, offer: (asking: Asking) => Candidate[]][] = [
  ['image', images],
  ['support.*.image', images],
  ['expose.*.process', processes],
  ['expose.*.domains.*', domains],
  ['forward.domains.*', domains],
  ['healthcheck.port', exposedPorts],
  ['secrets.*', secrets],
  ['needs.*', needs],
  ['needs.*.database.engine', engines],
  ['placement.near', otherApps],
  ['placement.apart', otherApps],
  ['placement.region', ({ known }) => factsOf(known.facts?.places?.regions, 'region of a node')],
  ['placement.city', ({ known }) => factsOf(known.facts?.places?.cities, 'city of a node')],
  ['placement.pop', ({ known }) => factsOf(known.facts?.places?.pops, 'point of presence of a node')],
  ['placement.labels.*', ({ known, path }) => factsOf(known.facts?.places?.labels[String(path[2])], 'label of a node')],
  ['build.context', ({ known }) => foldersAt(known.files, '')],
  ['build.static.output', ({ known, document }) => foldersAt(known.files, contextOf(document))],
  ['build.dockerfile.path', ({ known, document }) => filesAt(known.files, contextOf(document), isDockerfile)],
  ['build.compose.file', ({ known, document }) => filesAt(known.files, contextOf(document), isCompose)],
  ['jobs.*.timezone', timezones],
  ['jobs.*.schedule', () => schedules],
  ['backup.schedule', () => schedules],
  ['security.capabilities.*', () => capabilities.map((text) => ({ text, detail: 'capability', kind: 'word' }))],
];

/** Keys that a map of free names may have: processes, and the labels that nodes carry. */
const names: readonly [at: string, offer: (known: Known) => string[]][] = [
  ['processes', () => ['web', 'worker']],
  ['placement.labels', ({ facts }) => Object.keys(facts?.places?.labels ?? {})],
];

export function candidatesAt(asking: Asking): Candidate[] {
  const found = sources.find(([at]) => fits(at, asking.path))?.[1](asking) ?? [];
  // Who begins a path with ./ goes on with it: the editor compares what is offered with what is there.
  if (!asking.head.startsWith('./')) return found;
  return found
    .filter(({ text }) => text !== '.')
    .map((each) => (each.kind === 'file' || each.kind === 'folder' ? { ...each, text: `./${each.text}` } : each));
}

export function namesAt(path: ManifestPath, known: Known): string[] {
  return names.find(([at]) => fits(at, path))?.[1](known) ?? [];
}

/** True when a path has the form of a pattern such as `expose.*.domains.*`. */
export function fits(pattern: string, path: readonly (string | number)[]): boolean {
  const parts = pattern === '' ? [] : pattern.split('.');
  return parts.length === path.length && parts.every((part, index) => part === '*' || part === path[index]);
}

function images({ known }: Asking): Candidate[] {
  const { live, facts } = known;
  const serving: Candidate[] = live?.image ? [{ text: live.image, detail: 'serves now', kind: 'fact' }] : [];
  const here = (facts?.images ?? []).filter((name) => name !== live?.image);
  return [...serving, ...here.map((text): Candidate => ({ text, detail: 'on the server', kind: 'fact' }))];
}

function processes({ document }: Asking): Candidate[] {
  const found = processNamesOf(document.context.text) ?? [];
  const primary = primaryOf(found);
  return found.map((text) => ({ text, detail: text === primary ? 'primary process' : 'process', kind: 'word' }));
}

/** The name that the server gives by itself, and the names that the app has there already. */
function domains({ document, known: { facts } }: Asking): Candidate[] {
  const { text } = document.context;
  const app = text.name;
  if (!facts || app === undefined) return [];
  const written = new Set(
    [...exposesOf(text).flatMap((expose) => expose.domains), ...domainsOf(text.forward?.domains, [])].map(
      ({ name }) => name,
    ),
  );
  const given = facts.serverDomain === '' ? [] : [`${app}.${facts.serverDomain}`];
  const own = facts.domains.filter((domain) => domain.app === app).map(({ name }) => name);
  const owners = new Map(facts.domains.map((domain) => [domain.name, domain.app]));
  return [...new Set([...given, ...own])]
    .filter((name) => {
      const normal = normalizeDomain(name);
      return !written.has(normal.ok ? normal.name : name) && (owners.get(name) ?? app) === app;
    })
    .map((name) => ({
      text: name,
      detail: given.includes(name) ? 'name on this server' : `of ${app} already`,
      kind: 'fact',
    }));
}

function exposedPorts({ document }: Asking): Candidate[] {
  const open = exposesOf(document.context.text).filter(({ proto }) => proto !== 'udp');
  const ports = [...new Set(open.flatMap(({ port }) => (port === undefined ? [] : [port])))];
  return ports.map((port) => ({ text: String(port), detail: 'exposed', kind: 'word', bare: true }));
}

function secrets({ document, known: { facts } }: Asking): Candidate[] {
  const app = document.context.text.name ?? '';
  const all = facts && Object.hasOwn(facts.secrets, app) ? facts.secrets[app] : undefined;
  return factsOf(all, 'has a value on the server');
}

/** What the server says of each need; the words themselves are the language's. */
function needs({ known: { facts } }: Asking): Candidate[] {
  if (!facts?.complete) return [];
  return Object.keys(needDefaults).map((need): Candidate => {
    const offered = facts.features.some((feature) => `${feature}.`.startsWith(`needs.${need}.`));
    return { text: need, detail: offered ? 'on the server' : 'not on this server yet', kind: 'word' };
  });
}

function engines({ known: { facts } }: Asking): Candidate[] {
  if (!facts?.complete) return [];
  return engineNames.map((engine): Candidate => {
    const state = facts.services?.find((service) => service.engine === engine)?.state;
    const offered = facts.features.includes(`needs.database.${engine}`);
    const detail = offered ? serviceWords[state ?? 'ok'] : 'not on this server yet';
    return { text: engine, detail, kind: 'word' };
  });
}

function otherApps({ document, known: { facts } }: Asking): Candidate[] {
  return factsOf(
    facts?.apps.filter((app) => app !== document.context.text.name),
    'app on the server',
  );
}

/** All that the platform knows; matched as a person types a city, in any letter case. */
function timezones({ head }: Asking): Candidate[] {
  const typed = head.toLowerCase();
  return ['UTC', ...Intl.supportedValuesOf('timeZone')]
    .filter((zone, index, all) => zone.toLowerCase().includes(typed) && all.indexOf(zone) === index)
    .map((text) => ({ text, detail: 'time zone', kind: 'word' }));
}

const schedules: Candidate[] = ['*/15 * * * *', '0 * * * *', '0 3 * * *', '0 3 * * 1-5', '0 3 * * 0', '0 3 1 * *'].map(
  (text): Candidate => ({ text, detail: scheduleWords(text) ?? '', kind: 'word' }),
);

function contextOf(document: ManifestDocument): string {
  return document.context.text.build?.context ?? '.';
}

function isDockerfile(name: string): boolean {
  return /(^|[./_-])(dockerfile|containerfile)([./_-]|$)/i.test(name);
}

function isCompose(name: string): boolean {
  return /(^|\/)(docker-)?compose[\w.-]*\.ya?ml$/i.test(name);
}

function factsOf(list: readonly string[] | undefined, detail: string): Candidate[] {
  return (list ?? []).map((text) => ({ text, detail, kind: 'fact' }));
}
