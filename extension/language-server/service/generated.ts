/** Manifests out of the schema, by a seed, as careless people would write them. Used by tests alone. */
import { alternatives, choices, examplesOf, fields, isRequired } from 'minicloud-shared/manifest/introspect';
import { manifestSchema } from 'minicloud-shared/manifest/schema';
import * as z from 'zod';

type Data = string | number | boolean | Data[] | { [key: string]: Data };
export type Random = () => number;

/** The same numbers for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A manifest with some of what the schema allows, written in no particular order of blanks. */
export function generated(random: Random): string {
  const data = dataOf(manifestSchema, random, 'manifest');
  const eol = random() < 0.2 ? '\r\n' : '\n';
  if (random() < 0.2) return `${carelessJson(data, random, 0)}${eol}`.replaceAll('\n', eol).replaceAll('\r\r', '\r');
  const lines = block(data as { [key: string]: Data }, 0, random);
  return lines.join(eol) + (random() < 0.5 ? eol : '');
}

const texts = [
  'plain',
  'two words',
  'quoted: "yes"',
  'caf\u00e9 \ud83d\udc4b',
  'first\n  second\n\nlast',
  '# no comment',
  '0123',
  'true',
  '',
];

function dataOf(schema: z.ZodType, random: Random, name: string): Data {
  const options = alternatives(schema);
  const option = options[Math.floor(random() * options.length)] ?? schema;
  const allowed = choices(option);
  if (allowed) return allowed[Math.floor(random() * allowed.length)] ?? '';
  if (option instanceof z.ZodObject) {
    const chosen = fields(option).filter(([, field]) => isRequired(field) || random() < 0.35);
    return Object.fromEntries(chosen.map(([key, field]) => [key, dataOf(field, random, key)]));
  }
  if (option instanceof z.ZodRecord) {
    const names = ['web', 'A_NAME', 'other'].slice(0, Math.floor(random() * 4));
    return Object.fromEntries(names.map((key) => [key, dataOf(option.valueType as z.ZodType, random, key)]));
  }
  if (option instanceof z.ZodArray) {
    const count = Math.floor(random() * 4);
    return Array.from({ length: count }, () => dataOf(option.element as z.ZodType, random, name));
  }
  const example = examplesOf(schema)?.[0];
  if ((typeof example === 'string' || typeof example === 'number') && random() < 0.6) return example;
  if (option instanceof z.ZodNumber) return Math.floor(random() * 100);
  return texts[Math.floor(random() * texts.length)] ?? '';
}

function block(map: { [key: string]: Data }, column: number, random: Random): string[] {
  const lines: string[] = [];
  const margin = ' '.repeat(column);
  for (const [key, value] of Object.entries(map)) {
    if (random() < 0.1) lines.push('');
    if (random() < 0.05) lines.push('', '  ', '');
    if (random() < 0.1) lines.push(`${margin}# about ${key}`);
    const [first = '', ...rest] = under(value, column, random);
    lines.push(`${margin}${key}:${first}`, ...rest);
    if (random() < 0.03) lines.push('# at the margin');
  }
  return lines;
}

/** What stands behind a colon, and the lines below it. */
function under(value: Data, column: number, random: Random): string[] {
  const tail = `${random() < 0.15 ? '   # why' : ''}${random() < 0.1 ? '  ' : ''}`;
  const blanks = ' '.repeat(1 + Math.floor(random() * random() * 4));
  if (typeof value !== 'object') {
    if (typeof value === 'string' && value.includes('\n') && random() < 0.7) {
      const margin = ' '.repeat(column + 2 + Math.floor(random() * 3));
      return [' |-', ...value.split('\n').map((line) => (line === '' ? '' : margin + line))];
    }
    return [`${blanks}${scalar(value, random)}${tail}`];
  }
  const empty = Object.keys(value).length === 0;
  if (empty || random() < 0.3) return [`${blanks}${flow(value, random)}${tail}`];
  if (!Array.isArray(value)) return [tail.trimEnd(), ...block(value, column + 1 + Math.floor(random() * 5), random)];
  const indent = column + (random() < 0.5 ? 0 : 1 + Math.floor(random() * 4));
  const dash = '-'.padEnd(2 + Math.floor(random() * random() * 3));
  const lines = value.flatMap((item) => {
    const margin = ' '.repeat(indent);
    if (typeof item !== 'object') return [`${margin}${dash}${scalar(item, random)}${random() < 0.1 ? ' ' : ''}`];
    if (Array.isArray(item) || Object.keys(item).length === 0) return [`${margin}${dash}${flow(item, random)}`];
    const inside = block(item, indent + dash.length, random);
    const at = inside.findIndex((line) => line.trim() !== '' && !line.trim().startsWith('#'));
    return [`${margin}${dash}${(inside[at] ?? '').trimStart()}`, ...inside.slice(at + 1)];
  });
  return [tail.trimEnd(), ...lines];
}

function flow(value: Data, random: Random): string {
  if (typeof value !== 'object') return scalar(value, random);
  const blank = (): string => (random() < 0.5 ? ' ' : random() < 0.5 ? '' : '  ');
  if (Array.isArray(value))
    return `[${blank()}${value.map((item) => flow(item, random)).join(`${blank()},${blank()}`)}${blank()}]`;
  const entries = Object.entries(value).map(([key, item]) => `${key}: ${blank()}${flow(item, random)}`);
  return `{${blank()}${entries.join(`${blank()}, `)}${blank()}}`;
}

function scalar(value: string | number | boolean, random: Random): string {
  if (typeof value !== 'string') return String(value);
  const simple = /^[A-Za-z][\w./-]*$/.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value);
  if (simple && random() < 0.8) return value;
  return random() < 0.3 && !value.includes('\n') ? `'${value.replaceAll("'", "''")}'` : JSON.stringify(value);
}

function carelessJson(value: Data, random: Random, depth: number): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  const broken = random() < 0.6;
  const margin = (): string =>
    broken ? `\n${' '.repeat(Math.floor(random() * 3) + depth)}` : ' '.repeat(Math.floor(random() * 2));
  const parts = Array.isArray(value)
    ? value.map((item) => margin() + carelessJson(item, random, depth + 2))
    : Object.entries(value).map(
        ([key, item]) =>
          `${margin()}${JSON.stringify(key)}:${' '.repeat(Math.floor(random() * 2))}${carelessJson(item, random, depth + 2)}`,
      );
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return parts.length === 0 ? open + close : `${open}${parts.join(',')}${margin()}${close}`;
}
