/** Manifests with faults of every kind, in every way that they can be written: what fixes are tried on. Used by tests alone. */
import { readdirSync, readFileSync } from 'node:fs';
import type { ServerFacts, SourceReads } from 'minicloud-shared/manifest/model';
import { parseDocument, stringify } from 'yaml';
import type { FixOptions } from './fix.ts';

const folder = new URL('../../../test/fixtures/manifests/', import.meta.url);
export const serverFacts: ServerFacts = {
  complete: true,
  asOf: 0,
  serverDomain: 'cloud.example.com',
  domains: [{ name: 'taken.example.com', app: 'blog' }],
  apps: ['blog'],
  secrets: { shop: ['STRIPE_KEY'] },
  features: ['needs.database.mariadb', 'secrets', 'placement'],
};

export interface FixCase {
  title: string;
  text: string;
  fileName?: string;
  facts?: ServerFacts;
  sources?: SourceReads;
}

const fromTables: FixCase[] = readdirSync(folder)
  .filter((name) => name.endsWith('.cases'))
  .flatMap((name) => readFileSync(new URL(name, folder), 'utf8').split(/^=== /m).slice(1))
  .map((part) => ({
    title: part.slice(0, part.indexOf('\n')),
    text: part.slice(part.indexOf('\n') + 1).split(/^>>>\n/m)[0] ?? '',
  }));

function reading(more: { fallback?: string }, name = 'LOG_LEVEL'): SourceReads {
  const at = (each: string, line: number) => ({ name: each, file: 'a.ts', line, ...more });
  return { reads: [at(name, 1), at('MODE', 2)], imageSets: [], unread: [] };
}

/** What needs facts, the source, a file name, or more room than a table of cases has. */
const more: FixCase[] = [
  {
    title: 'a domain of another app',
    text: 'name: shop\nexpose: [{ port: 80, domains: [taken.example.com] }]\n',
    facts: serverFacts,
  },
  { title: 'a secret misspelled', text: 'name: shop\nsecrets: [STRIPE_KYE]\n', facts: serverFacts },
  {
    title: 'needs that are not there yet',
    text: 'name: shop\nneeds:\n- database\n- cache\n- messagebus\n',
    facts: serverFacts,
  },
  {
    title: 'an engine that is not there',
    text: 'name: shop\nneeds: [{ database: { engine: postgres } }]\n',
    facts: serverFacts,
  },
  { title: 'a section that is not there', text: 'name: shop\nbackup: { schedule: "0 2 * * *" }\n', facts: serverFacts },
  {
    title: 'more replicas than there is room for',
    text: 'name: shop\nprocesses: { web: { count: 12 }, worker: { count: 4 } }\n',
    facts: { ...serverFacts, room: { replicas: 15, support: 16 } },
  },
  {
    title: 'more support containers than there is room for',
    text: 'name: shop\nsupport: { a: { image: "a:1" }, b: { image: "b:1" } }\n',
    facts: { ...serverFacts, features: ['support'], room: { replicas: 15, support: 1 } },
  },
  { title: 'an app that is not there', text: 'name: shop\nplacement: { near: blgo }\n', facts: serverFacts },
  { title: 'a variable that nothing sets', text: 'name: shop\n', sources: reading({}) },
  { title: 'variables beside others', text: 'name: shop\nenv:\n  A: b\nsecrets: [B]\n', sources: reading({}) },
  {
    title: 'a variable that has a need',
    text: 'name: shop\nneeds: [storage]\n',
    sources: reading({}, 'DATABASE_URL'),
    facts: serverFacts,
  },
  {
    title: 'a secret that has a value',
    text: 'name: shop\nenv: { A: b }\n',
    sources: reading({}, 'STRIPE_KEY'),
    facts: serverFacts,
  },
  { title: 'defaults', text: 'name: shop\nenv: {}\n', sources: reading({ fallback: '3000' }) },
  { title: 'defaults beside others', text: 'name: shop\nenv: { A: b }\n', sources: reading({ fallback: 'yes' }) },
  {
    title: 'variables that nothing reads',
    text: 'name: shop\nenv: { OLD: a, A: b }\nsecrets:\n- OLDER\n- B\n',
    sources: { reads: [], imageSets: [], unread: ['OLD', 'OLDER'] },
  },
  { title: 'YAML named JSON', text: 'name: shop\nneeds: [database]\n', fileName: 'cloud_manifest.json' },
];
export const fixCases = [...fromTables, ...more];

/** The same manifest as other people would have written it. Texts that can't be read have one form only. */
export function forms({ text }: FixCase): [form: string, text: string][] {
  const original: [string, string][] = [
    ['as it is', text],
    ['CRLF', text.replace(/\r?\n/g, '\r\n')],
    ['without the last line end', text.trimEnd()],
    ['behind a comment', `# What it is.\n${text}`],
  ];
  const doc = parseDocument(text, { uniqueKeys: true });
  if (doc.errors.length > 0 || doc.warnings.length > 0 || /[&*]\w|<<|!/.test(text) || !doc.contents) return original;
  const data: unknown = doc.toJS();
  const block = (options: object): string => stringify(data, { lineWidth: 0, ...options });
  return [
    ...original,
    ['JSON', JSON.stringify(data)],
    ['JSON, two columns', `${JSON.stringify(data, null, 2)}\n`],
    ['JSON, four columns', `${JSON.stringify(data, null, 4)}\n`],
    ['block, two columns', block({ indent: 2 })],
    ['block, four columns', block({ indent: 4 })],
    ['block, lists not indented', block({ indent: 4, indentSeq: false })],
    ['brackets', stringify(data, { collectionStyle: 'flow', lineWidth: 0 })],
    ['brackets over lines', stringify(data, { collectionStyle: 'flow', lineWidth: 20 })],
  ];
}

/** What is known beyond the text. */
export function optionsOf({ facts, sources, fileName }: FixCase): FixOptions {
  return { ...(facts ? { facts } : {}), ...(sources ? { sources } : {}), ...(fileName ? { fileName } : {}) };
}
