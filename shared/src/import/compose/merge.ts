/** One service over another, as `extends` puts them together, and services moved to the folder of their file. */
import { entriesOf, type Fields, fieldOf, isFields, listOf, pairsOf, textOf } from '../values.ts';

/** Lists that are replaced as a whole. */
const whole = new Set(['command', 'entrypoint', 'test']);
/** Maps that may be written as a list of `NAME=VALUE`. */
const pairs = new Set(['environment', 'labels', 'args', 'annotations', 'sysctls', 'extra_hosts']);

/** https://github.com/compose-spec/compose-spec/blob/main/13-merge.md: maps by key, lists one after the other. */
export function mergeFields(base: Fields, over: Fields): Fields {
  const merged: Fields = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = fieldOf(base, key);
    if (before === undefined || before === null || whole.has(key)) merged[key] = value;
    else if (pairs.has(key)) merged[key] = { ...asMap(before), ...asMap(value) };
    else if (isFields(before) && isFields(value)) merged[key] = mergeFields(before, value);
    else if (Array.isArray(before) && Array.isArray(value)) merged[key] = unique([...before, ...value]);
    else if (value !== undefined) merged[key] = value;
  }
  return merged;
}

/** The services of a file in another folder, with the paths that belong to that folder written from the first one. */
export function moveInto(services: unknown, folder: string): unknown {
  if (folder === '') return services;
  const move = (path: unknown): unknown => {
    const text = textOf(path);
    return text === undefined || /^([/~$]|[a-z+]+:)/.test(text) ? path : `${folder}/${text}`;
  };
  return Object.fromEntries(
    entriesOf(services).map(([name, service]) => {
      if (!isFields(service)) return [name, service];
      const { build, env_file: envFile } = service;
      const context = isFields(build) ? { ...build, context: move(build.context ?? '.') } : move(build);
      const files = listOf(envFile).map((item) => (isFields(item) ? { ...item, path: move(item.path) } : move(item)));
      return [
        name,
        {
          ...service,
          ...(build === undefined ? {} : { build: context }),
          ...(envFile === undefined ? {} : { env_file: files }),
        },
      ];
    }),
  );
}

function asMap(value: unknown): Fields {
  return Object.fromEntries(pairsOf(value).map(([name, item]) => [name, item ?? null]));
}

function unique(items: unknown[]): unknown[] {
  const seen = new Set<unknown>();
  return items.filter((item) => (seen.has(item) ? false : seen.add(item)));
}
