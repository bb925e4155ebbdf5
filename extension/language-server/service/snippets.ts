/** Whole sections and manifests to begin with, as data: they are written in the style of the file they go into. */
import { describePath } from 'minicloud-shared/manifest/describe';
import { requiredFeatures } from 'minicloud-shared/manifest/features';
import type { ServerFacts } from 'minicloud-shared/manifest/model';
import { type ManifestDocument, parseManifest } from 'minicloud-shared/manifest/parse';
import { exposesOf, needsOf } from 'minicloud-shared/manifest/view';
import type { ManifestPath } from './locate.ts';
import type { Data } from './style.ts';

export interface Section {
  key: string;
  label: string;
  /** Strings may hold placeholders; one that needs quotes brings them. */
  data: Data;
  /** Whether a server can't do it; false while that is not known. */
  missing(facts: ServerFacts | undefined): boolean;
}

const inRoot: readonly Section[] = sections([
  {
    key: 'expose',
    label: 'expose a web port',
    data: [{ port: hole(1, '80'), domains: [hole(2, 'shop.example.com')] }],
  },
  { key: 'expose', label: 'expose a TCP port', data: [{ port: hole(1, '5432'), proto: 'tcp' }] },
  { key: 'needs', label: 'needs a database and storage', data: ['database', 'storage'] },
  {
    key: 'needs',
    label: 'needs PostgreSQL',
    data: [{ database: { engine: 'postgres', version: quoted(1, '17'), env: hole(2, 'DATABASE_URL') } }],
  },
  {
    key: 'processes',
    label: 'processes web and worker',
    data: {
      web: { command: hole(1, 'node server.js'), count: hole(2, '2') },
      worker: { command: hole(3, 'node worker.js') },
    },
  },
  {
    key: 'support',
    label: 'support container',
    data: {
      [hole(1, 'search')]: {
        image: hole(2, 'docker.io/getmeili/meilisearch:v1.12'),
        volumes: [{ path: hole(3, '/meili_data') }],
      },
    },
  },
  { key: 'release', label: 'release command', data: { command: hole(1, 'npm run migrate'), timeout: hole(2, '5m') } },
  { key: 'healthcheck', label: 'healthcheck of a path', data: { path: hole(1, '/healthz'), grace: hole(2, '30s') } },
  { key: 'resources', label: 'resources of a replica', data: { memory: hole(1, '256MB'), cpus: hole(2, '0.5') } },
  {
    key: 'rollout',
    label: 'rollout in steps',
    data: { strategy: 'steps', steps: ['10%', '50%', '100%'], pause: hole(1, '2m') },
  },
  {
    key: 'jobs',
    label: 'job every night',
    data: [{ name: hole(1, 'nightly'), schedule: quoted(2, '0 3 * * *'), command: hole(3, 'node report.js') }],
  },
  {
    key: 'backup',
    label: 'backup every night',
    data: { schedule: quoted(1, '0 2 * * *'), keep: { daily: 7, weekly: 4, monthly: 6 } },
  },
  {
    key: 'build',
    label: 'build a Dockerfile',
    data: { type: 'dockerfile', dockerfile: { path: hole(1, 'Dockerfile') } },
  },
  {
    key: 'build',
    label: 'build a static site',
    data: { type: 'static', static: { command: hole(1, 'npm run build'), output: hole(2, 'dist') } },
  },
  { key: 'security', label: 'security, read-only', data: { read_only: true, user: quoted(1, '1000') } },
  { key: 'env', label: 'env variable', data: { [hole(1, 'NODE_ENV')]: hole(2, 'production') } },
  { key: 'forward', label: 'forward to a port of the server', data: { port: hole(1, '9000') } },
]);

const manifestData: Readonly<Record<string, { readonly [key: string]: Data }>> = {
  'manifest of a web app': {
    name: hole(1, 'shop'),
    image: hole(2, 'docker.io/me/shop:1.0.0'),
    expose: [{ port: hole(3, '80'), domains: [hole(4, 'shop.example.com')] }],
    healthcheck: { path: hole(5, '/healthz') },
  },
  'manifest of an app that is built': {
    name: hole(1, 'shop'),
    build: { type: 'dockerfile', dockerfile: { path: hole(2, 'Dockerfile') } },
    expose: [{ port: hole(3, '3000') }],
  },
  'manifest of an app with a database': {
    name: hole(1, 'shop'),
    image: hole(2, 'docker.io/me/shop:1.0.0'),
    expose: [{ port: hole(3, '3000') }],
    processes: {
      web: { command: hole(4, 'node server.js'), count: 2 },
      worker: { command: hole(5, 'node worker.js') },
    },
    needs: ['database'],
    release: { command: hole(6, 'npm run migrate') },
  },
  'manifest of a forward': {
    name: hole(1, 'tool'),
    forward: { port: hole(2, '9000'), domains: [hole(3, 'tool.example.com')] },
  },
};

/** What an empty file may become. */
export const manifests = Object.entries(manifestData).map(([label, data]) => ({
  ...{ key: '', label, data },
  missing: lacking(data),
}));

/** The sections that a map may get; a healthcheck asks the port that is exposed. */
export function snippetsAt(map: ManifestPath, document: ManifestDocument): Section[] {
  if (map.length > 0) return [];
  const nothingToAsk = exposesOf(document.context.text).every(({ proto }) => proto === 'udp');
  return inRoot.filter(({ key }) => !(key === 'healthcheck' && nothingToAsk));
}

/** Maps that may be an entry of a list in brackets: what the list's sections begin with, else what an entry must have. */
export function entriesAt(path: ManifestPath, document: ManifestDocument): Section[] {
  const [key, ...inside] = path.slice(0, -1);
  // A second database wants another variable than the first.
  const taken = key === 'needs' && needsOf(document.context).some(({ kind }) => kind === 'database');
  const known = (taken ? [] : inRoot).flatMap((section): Section[] => {
    const [first] = Array.isArray(section.data) ? (section.data as readonly Data[]) : [];
    return inside.length === 0 && section.key === key && typeof first === 'object' ? [{ ...section, data: first }] : [];
  });
  const required = (describePath(path)?.keys ?? []).filter((each) => each.required);
  if (known.length > 0 || required.length === 0) return known;
  const data = Object.fromEntries(required.map((each, index) => [each.key, hole(index + 1, '')]));
  return [{ key: String(key), label: `{ ${Object.keys(data).join(', ')} }`, data, missing: () => false }];
}

function sections(list: readonly Omit<Section, 'missing'>[]): Section[] {
  return list.map((section) => ({ ...section, missing: lacking({ name: 'app', [section.key]: section.data }) }));
}

/** Worked out when it is first asked for: a manifest is read for it. */
function lacking(data: Data): Section['missing'] {
  let wanted: string[] | undefined;
  return (facts) => {
    if (!facts?.complete) return false;
    wanted ??= featuresOf(data);
    return wanted.some((feature) => !facts.features.includes(feature));
  };
}

function featuresOf(data: Data): string[] {
  const text = JSON.stringify(data)
    .replace(/"\\"\$\{\d:([^}]*)\}\\""/g, '"$1"')
    .replace(/"\$\{\d:([\d.]+)\}"/g, '$1')
    .replace(/\$\{\d:([^}]*)\}/g, '$1');
  const { manifest } = parseManifest(text);
  return manifest ? requiredFeatures(manifest).map(({ feature }) => feature) : [];
}

/** A place to type at, with what stands there first. */
function hole(number: number, text: string): string {
  return `\${${number}:${text}}`;
}

function quoted(number: number, text: string): string {
  return `"${hole(number, text)}"`;
}
