/** What the server runs and knows at a place of a manifest, in sentences. Names of variables and never their values. */
import { normalizeDomain } from 'minicloud-shared/manifest/domain';
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { needDefaults } from 'minicloud-shared/manifest/schema-parts';
import { fits } from './candidates.ts';
import type { Known, LiveApp, LiveProcess, Usage } from './known.ts';
import type { ManifestPath } from './locate.ts';
import { serviceWords } from './service-words.ts';

interface Asked {
  known: Known;
  /** The value at the path as text; empty for maps and lists. */
  value: string;
  app: string;
  now: number;
  path: ManifestPath;
  /** Of the need that the path is in. */
  engine: string | undefined;
}

const rows: readonly [at: string, tell: (asked: Asked) => string[]][] = [
  ['name', ({ known: { live } }) => (live ? [...stateLines(live), ...live.urls] : [])],
  ['image', ({ known: { live } }) => imageLines(live)],
  ['expose', ({ known: { live } }) => [...(live?.urls ?? [])]],
  ['expose.*.domains.*', domainLines],
  ['forward.domains.*', domainLines],
  ['secrets.*', secretLines],
  ['env.*', envLines],
  ['needs.*', needLines],
  ['needs.*.database', needLines],
  ['needs.*.database.engine', needLines],
  ['processes', processLines],
  ['processes.*', processLines],
  ['processes.*.count', processLines],
  ['processes.*.resources', usageLines],
  ['processes.*.resources.memory', usageLines],
  ['processes.*.resources.cpus', usageLines],
  ['support', processLines],
  ['support.*', processLines],
  ['support.*.resources', usageLines],
  ['support.*.resources.memory', usageLines],
  ['support.*.resources.cpus', usageLines],
  ['resources', usageLines],
  ['resources.memory', usageLines],
  ['resources.cpus', usageLines],
  ['placement.near', appLines],
  ['placement.apart', appLines],
];

export function liveText(document: ManifestDocument, path: ManifestPath, known: Known, now: number): string[] {
  const node = document.context.nodeAt(path);
  const value = node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : '';
  const app = document.context.text.name ?? '';
  const engine = engineOf(document, path);
  return rows.find(([at]) => fits(at, path))?.[1]({ known, value, app, now, path, engine }) ?? [];
}

/** The kind of database server behind a need; undefined for other needs. */
function engineOf({ context: { text } }: ManifestDocument, [section, index]: ManifestPath): string | undefined {
  const need = section === 'needs' ? text.needs?.[Number(index)] : undefined;
  if (need === 'database') return needDefaults.database.engine;
  return typeof need === 'object' && 'database' in need ? need.database?.engine : undefined;
}

function needLines({ known: { facts }, engine }: Asked): string[] {
  const service = facts?.complete ? facts.services?.find((each) => each.engine === engine) : undefined;
  return service ? [`${service.engine} ${serviceWords[service.state]}`] : [];
}

function stateLines({ server, state, release }: LiveApp): string[] {
  return [`On ${server}: ${state}${release === undefined ? '' : `, release ${release}`}`];
}

function imageLines(live: LiveApp | undefined): string[] {
  if (live?.image === undefined) return [];
  const release = live.release === undefined ? '' : ` in release ${live.release}`;
  return [`${live.server} serves ${live.image}${release}`, ...(live.digest ? [live.digest] : [])];
}

function domainLines({ known: { facts, live }, value, app, now }: Asked): string[] {
  const normal = normalizeDomain(value);
  const name = normal.ok ? normal.name : value;
  const owner = facts?.domains.find((domain) => domain.name === name)?.app;
  const certificate = live?.certificates?.find(({ domain }) => domain === name);
  const url = live?.urls.find((each) => hostOf(each) === name);
  const lines: string[] = [];
  if (url) lines.push(`Served at ${url}`);
  else if (owner) lines.push(owner === app ? 'Of this app on the server' : `Of the app ${owner} on the server`);
  else if (facts?.complete) lines.push('Free on the server');
  if (certificate) {
    const { state, issuer, notAfter } = certificate;
    const until = notAfter === undefined ? '' : `, valid for ${days(notAfter - now)}`;
    lines.push(`Certificate: ${state}${issuer ? ` by ${issuer}` : ''}${until}`);
  }
  return lines;
}

function secretLines({ known: { facts }, value, app }: Asked): string[] {
  if (!facts?.complete || !facts.features.includes('secrets')) return [];
  const set = Object.hasOwn(facts.secrets, app) && facts.secrets[app]?.includes(value);
  return [set ? 'Has a value on the server' : 'Has no value on the server yet'];
}

/** What is set on the server counts, whatever the file says. */
function envLines({ known: { facts }, path: [, name], app }: Asked): string[] {
  const vars = facts?.complete && facts.config && Object.hasOwn(facts.config, app) ? facts.config[app] : undefined;
  return vars?.includes(String(name)) ? [`The config var ${name} is set on the server, and counts instead`] : [];
}

/** Of the name in the path, else of everything that the section is about. */
function processesAt({ known: { live }, path: [section, name] }: Asked): readonly LiveProcess[] {
  const kind = section === 'support' ? 'support' : 'process';
  const named = section === 'resources' ? undefined : name;
  return (live?.processes ?? []).filter((each) => each.kind === kind && (named === undefined || each.name === named));
}

function processLines(asked: Asked): string[] {
  const { known, path } = asked;
  const processes = processesAt(asked);
  const words = ({ healthy, count }: LiveProcess): string => `${healthy} of ${count} healthy`;
  if (path.length === 1) return processes.map((each) => `${each.name}: ${words(each)}`);
  const [one] = processes;
  if (!one) return [];
  return [`On ${known.live?.server}: ${words(one)}`, ...(path.length === 2 ? usageLines(asked) : [])];
}

/** What is used of what a key limits: memory, processor time, or both. */
function usageLines(asked: Asked): string[] {
  const { path } = asked;
  const key = path.at(-1);
  return processesAt(asked).flatMap(({ name, memory, cpu }) => {
    const owner = path[0] === 'resources' ? `${name}: ` : '';
    return [
      ...(memory && key !== 'cpus' ? [`${owner}memory in use ${used(memory)}`] : []),
      ...(cpu && key !== 'memory' ? [`${owner}processor time in use ${used(cpu)}`] : []),
    ].map((line) => (owner ? line : line.charAt(0).toUpperCase() + line.slice(1)));
  });
}

function used({ replicas, all, most }: Usage): string {
  return replicas === 1 ? all : `${all} by ${replicas} replicas, the most by one ${most}`;
}

function appLines({ known: { facts }, value }: Asked): string[] {
  if (!facts?.complete) return [];
  return [facts.apps.includes(value) ? 'An app of the server' : 'No app of the server has this name'];
}

function days(milliseconds: number): string {
  const whole = Math.floor(milliseconds / 86_400_000);
  if (whole < 1) return 'less than a day';
  return whole === 1 ? '1 day' : `${whole} days`;
}

function hostOf(url: string): string {
  return /^https?:\/\/([^/:]+)/.exec(url)?.[1] ?? '';
}
