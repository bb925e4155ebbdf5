/** Looks inside the schema, so that checking, hover and completion follow from it instead of repeating it. */
import * as z from 'zod';
import { scalarRules, textual } from './schema-scalars.ts';

/** The schema inside defaults and optionals. */
export function inner(schema: z.ZodType): z.ZodType {
  let current = schema;
  while (current instanceof z.ZodOptional || current instanceof z.ZodDefault) current = current.unwrap() as z.ZodType;
  return current;
}

/** The schema's value for a key that is left out; undefined when it has none. */
export function defaultOf(schema: z.ZodType): unknown {
  if (schema instanceof z.ZodDefault) return structuredClone(schema.def.defaultValue);
  return schema instanceof z.ZodOptional ? defaultOf(schema.unwrap() as z.ZodType) : undefined;
}

export function isRequired(schema: z.ZodType): boolean {
  return !(schema instanceof z.ZodOptional || schema instanceof z.ZodDefault);
}

/** Keys and their schemas, in the order of the schema. */
export function fields(schema: z.ZodObject): [string, z.ZodType][] {
  return Object.entries(schema.shape) as [string, z.ZodType][];
}

export function field(schema: z.ZodObject, key: string): z.ZodType | undefined {
  return Object.hasOwn(schema.shape, key) ? (schema.shape[key] as z.ZodType) : undefined;
}

/** The alternatives of a union, unions inside it spread out; the schema itself when it is none. */
export function alternatives(schema: z.ZodType): z.ZodType[] {
  const bare = inner(schema);
  return bare instanceof z.ZodUnion ? (bare.options as z.ZodType[]).flatMap(alternatives) : [bare];
}

/** The words that an enumeration or literal allows. */
export function choices(schema: z.ZodType): (string | number | boolean)[] | undefined {
  const bare = inner(schema);
  if (bare instanceof z.ZodEnum) return [...(bare.options as (string | number)[])];
  if (bare instanceof z.ZodLiteral) return [...bare.values] as (string | number | boolean)[];
  if (bare instanceof z.ZodBoolean) return [true, false];
  return undefined;
}

export function descriptionOf(schema: z.ZodType): string | undefined {
  return schema.description ?? (inner(schema) === schema ? undefined : descriptionOf(unwrapOnce(schema)));
}

export function examplesOf(schema: z.ZodType): unknown[] | undefined {
  const own = z.globalRegistry.get(schema)?.examples;
  if (Array.isArray(own)) return own;
  return inner(schema) === schema ? undefined : examplesOf(unwrapOnce(schema));
}

/** What to write, as the second half of a sentence, with an example where the schema has one. */
export function advise(schema: z.ZodType): string {
  const example = examplesOf(schema)?.[0];
  return `write ${typeLabel(schema)}${example === undefined ? '' : `, such as ${inline(example)}`}`;
}

/** A value in YAML on one line; for the simple values of examples. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([key, part]) => `${key}: ${inline(part)}`)
    .join(', ')} }`;
}

/** For people: `a list`, `a whole number`, `production or staging`. */
export function typeLabel(schema: z.ZodType): string {
  const parts = alternatives(schema);
  if (parts.length > 1) {
    if (textual.get(inner(schema))) return 'text';
    const maps = parts.filter((part) => part instanceof z.ZodObject);
    const others = parts.filter((part) => !(part instanceof z.ZodObject)).map(typeLabel);
    const keys = maps.flatMap((map) => Object.keys(map.shape));
    const labels = [
      ...new Set([...others, ...(keys.length > 0 ? [`a map with one of the keys ${keys.join(', ')}`] : [])]),
    ];
    return labels.length > 1 ? `${labels.slice(0, -1).join(', ')} or ${labels.at(-1)}` : (labels[0] ?? 'a value');
  }
  const bare = parts[0] ?? schema;
  const allowed = choices(bare);
  if (allowed)
    return allowed.length > 1 ? `${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}` : String(allowed[0]);
  if (bare instanceof z.ZodObject) {
    const names = Object.keys(bare.shape);
    return names.length === 1
      ? `a map with the key ${names[0]}`
      : `a map with keys such as ${names.slice(0, 3).join(', ')}`;
  }
  if (bare instanceof z.ZodRecord) return 'a map of names and values';
  if (bare instanceof z.ZodArray) return 'a list';
  if (bare instanceof z.ZodNumber)
    return scalarRules.get(bare)?.code === 'manifest/cpus' ? 'a number' : 'a whole number';
  return 'text';
}

/** Text, number or the like in one word, for hover and completion. */
export function typeWord(schema: z.ZodType): string {
  const words = alternatives(schema).map((part) => {
    if (part instanceof z.ZodObject || part instanceof z.ZodRecord) return 'map';
    if (part instanceof z.ZodArray) return 'list';
    if (part instanceof z.ZodNumber) return 'number';
    if (part instanceof z.ZodBoolean) return 'boolean';
    if (part instanceof z.ZodEnum) return 'choice';
    return part instanceof z.ZodLiteral ? 'number' : 'text';
  });
  return [...new Set(words)].join(' | ');
}

function unwrapOnce(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema;
}
