/** Keys that other tools use, and where each of ours belongs: for messages about keys in the wrong place. */
import * as z from 'zod';
import { alternatives, fields, inner } from './introspect.ts';
import type { Path } from './path.ts';
import { manifestSchema } from './schema.ts';

/** Read as ours when ours is possible in that place. */
export const synonyms = new Map(
  Object.entries({
    ports: 'expose',
    environment_variables: 'env',
    env_vars: 'env',
    variables: 'env',
    vars: 'env',
    dependencies: 'needs',
    health: 'healthcheck',
    health_check: 'healthcheck',
    limits: 'resources',
    cron: 'jobs',
    replicas: 'count',
    scale: 'count',
    instances: 'count',
    cmd: 'command',
    protocol: 'proto',
    domain: 'domains',
    host: 'domains',
    hosts: 'domains',
    mem: 'memory',
    cpu: 'cpus',
    max_body_size: 'max_body',
  }),
);

const advice = new Map(
  Object.entries({
    volumes: 'an app asks for a volume with needs: [storage]',
    services: 'what the app needs from the server goes under needs, containers of its own under support',
    networks: 'every app has a network of its own, there is nothing to set',
    restart: 'replicas are always restarted, there is nothing to set',
    depends_on: 'support containers and needs are there before the app starts, there is nothing to set',
    entrypoint: 'write the whole command under processes: { web: { command: […] } }',
    privileged: 'no app runs privileged; name the capabilities it needs under security',
  }),
);

let homes: Map<string, string[]> | undefined;

/** Where a key that is unknown at `path` belongs; undefined when it is not one of ours at all. */
export function elsewhere(key: string, path: Path): string | undefined {
  const advised = path.length === 0 ? advice.get(key) : undefined;
  if (advised !== undefined) return advised;
  homes ??= findHomes();
  const places = homes.get(key);
  if (!places) return undefined;
  return `${key} belongs ${places.length > 1 ? `${places.slice(0, -1).join(', ')} or ${places.at(-1)}` : places[0]}`;
}

function findHomes(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const add = (key: string, place: string): void => {
    const places = found.get(key) ?? [];
    if (!places.includes(place)) found.set(key, [...places, place]);
  };
  for (const [section, schema] of fields(manifestSchema)) {
    add(section, 'at the top level');
    for (const key of keysInside(schema)) add(key, `under ${section}`);
  }
  return found;
}

function keysInside(schema: z.ZodType): string[] {
  return alternatives(schema).flatMap((part) => {
    if (part instanceof z.ZodObject) return Object.keys(part.shape);
    if (part instanceof z.ZodArray) return keysInside(inner(part.element as z.ZodType));
    if (part instanceof z.ZodRecord) return keysInside(inner(part.valueType as z.ZodType));
    return [];
  });
}
