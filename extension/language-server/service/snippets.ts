/** Whole sections to begin with, as data: they are written in the style of the file they go into. */
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import { exposesOf } from 'minicloud-shared/manifest/view';
import type { ManifestPath } from './locate.ts';
import type { Data } from './style.ts';

export interface Section {
  key: string;
  label: string;
  /** Strings may hold placeholders; one that needs quotes brings them. */
  data: Data;
}

const inRoot: readonly Section[] = [
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
];

/** The sections that a map may get; a healthcheck asks the port that is exposed. */
export function snippetsAt(map: ManifestPath, document: ManifestDocument): Section[] {
  if (map.length > 0) return [];
  const nothingToAsk = exposesOf(document.context.text).every(({ proto }) => proto === 'udp');
  return inRoot.filter(({ key }) => !(key === 'healthcheck' && nothingToAsk));
}

/** A place to type at, with what stands there first. */
function hole(number: number, text: string): string {
  return `\${${number}:${text}}`;
}

function quoted(number: number, text: string): string {
  return `"${hole(number, text)}"`;
}
