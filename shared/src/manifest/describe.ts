/** What a place in a manifest may hold, for hover and completion: made by walking the schema. */
import * as z from 'zod';
import {
  alternatives,
  choices,
  defaultOf,
  descriptionOf,
  examplesOf,
  field,
  fields,
  inner,
  isRequired,
  typeWord,
} from './introspect.ts';
import { manifestSchema } from './schema.ts';
import { scalarRules, textual } from './schema-scalars.ts';

export interface KeyDescription {
  key: string;
  description: string;
  type: string;
  required: boolean;
  default?: unknown;
}

export interface PathDescription {
  description: string;
  /** One or more of text, number, boolean, choice, list, map, joined by ` | `. */
  type: string;
  required: boolean;
  default?: unknown;
  /** The rule for a single value: `a port is a whole number from 1 to 65535`. */
  says?: string;
  /** Values to choose from. */
  values?: (string | number | boolean)[];
  /** Keys that a map may have here; every alternative's for a union. */
  keys?: KeyDescription[];
  /** For a list: what one entry may be. */
  items?: { type: string; values?: (string | number | boolean)[]; keys?: KeyDescription[] };
  examples?: unknown[];
}

/** What the schema says about a path; names of processes and variables are any. Undefined when there can be nothing. */
export function describePath(path: readonly (string | number)[]): PathDescription | undefined {
  const { places, described, around } = schemasAt(path);
  const place = places[0];
  if (!place) return undefined;
  const options = places.flatMap(alternatives);
  const description = described ?? descriptionOf(place) ?? '';
  const result: PathDescription = {
    description,
    type: unique(places.map(typeWord)).join(' | '),
    // What could be something else altogether needs none of its keys.
    required: isRequired(place) && around.length < 2,
  };
  const fallback = defaultOf(place);
  if (fallback !== undefined) result.default = fallback;
  const says = options.map((option) => scalarRules.get(option)?.says).find((text) => text !== undefined);
  if (says !== undefined) result.says = says;
  Object.assign(result, contents(places));
  const list = options.find((option) => option instanceof z.ZodArray);
  if (list) result.items = { type: typeWord(list.element as z.ZodType), ...contents([list.element as z.ZodType]) };
  const examples = places.map(examplesOf).find((list) => list !== undefined);
  if (examples) result.examples = examples;
  return result;
}

/**
 * The key that a path is about, as its page in `shared/docs/manifest-keys.md` is called: `processes.NAME.command`. An
 * entry of a list and a name of one's own are on the page of what they are in.
 */
export function keyPage(path: readonly (string | number)[]): string {
  const parts = path.flatMap((part, index): string[] => {
    if (typeof part === 'number') return [];
    const known = describePath(path.slice(0, index))?.keys?.some(({ key }) => key === part);
    return [known ? part : 'NAME'];
  });
  while (parts.at(-1) === 'NAME') parts.pop();
  return parts.join('.');
}

/** The kind of a single value at a path: the code of its rule, and whether a value keeps it. */
export function ruleAt(
  path: readonly (string | number)[],
): { code: string; accepts(value: string | number): boolean } | undefined {
  const options = schemasAt(path).places.flatMap(alternatives);
  const code = options.map((option) => scalarRules.get(option)?.code).find((known) => known !== undefined);
  if (code === undefined) return undefined;
  return { code, accepts: (value) => options.some((option) => option.safeParse(value).success) };
}

function schemasAt(path: readonly (string | number)[]): {
  places: z.ZodType[];
  described?: string;
  /** What it is in may be any of these. */
  around: z.ZodType[];
} {
  let places: z.ZodType[] = [manifestSchema];
  let around: z.ZodType[] = [];
  let described: string | undefined;
  for (const part of path) {
    around = places.flatMap(alternatives);
    places = places.flatMap((place) => step(place, part));
    // An entry of a list or record is described by what it is an entry of.
    described = places.map(descriptionOf).find((text) => text !== undefined) ?? described;
  }
  return { places, around, ...(described === undefined ? {} : { described }) };
}

function contents(places: readonly z.ZodType[]): { values?: (string | number | boolean)[]; keys?: KeyDescription[] } {
  const options = places.filter((place) => !textual.get(inner(place))).flatMap(alternatives);
  const values = unique(options.flatMap((option) => choices(option) ?? []));
  const keys = options.flatMap((option) =>
    option instanceof z.ZodObject ? fields(option).map((each) => describeKey(each, options.length < 2)) : [],
  );
  return { ...(values.length > 0 ? { values } : {}), ...(keys.length > 0 ? { keys } : {}) };
}

function describeKey([key, schema]: [string, z.ZodType], sole: boolean): KeyDescription {
  const fallback = defaultOf(schema);
  return {
    key,
    description: descriptionOf(schema) ?? '',
    type: typeWord(schema),
    required: sole && isRequired(schema),
    ...(fallback === undefined ? {} : { default: fallback }),
  };
}

function step(place: z.ZodType, part: string | number): z.ZodType[] {
  return alternatives(place).flatMap((option): z.ZodType[] => {
    if (option instanceof z.ZodObject) {
      const found = field(option, String(part));
      return found ? [found] : [];
    }
    if (option instanceof z.ZodRecord) return [option.valueType as z.ZodType];
    return option instanceof z.ZodArray && typeof part === 'number' ? [option.element as z.ZodType] : [];
  });
}

function unique<T>(list: readonly T[]): T[] {
  return [...new Set(list)];
}
