/** One container as the importers understand it, whatever it was described by. `assemble.ts` makes manifests of these. */
import type * as z from 'zod';
import type { build, healthcheck } from '../manifest/schema-parts.ts';

/** A value and the field it came from, such as `services.web.image`. */
export interface Given<Value> {
  value: Value;
  field: string;
}

export interface Variable {
  name: string;
  /** Undefined: it is not in the file, but in the environment of whoever ran this. */
  value: string | undefined;
  /** True when the value is made with one that is a secret. */
  tainted?: boolean;
  /** True when only its name is written, so that a file of variables may give the value. */
  open?: boolean;
  field: string;
}

export interface Port {
  port: number;
  proto: 'http' | 'tcp' | 'udp';
  /** Only the machine itself reached it. */
  local?: boolean;
  field: string;
}

export interface Volume {
  path: string;
  field: string;
}

export interface Part {
  /** As it is called where it comes from; the host name by which others reach it. */
  name: string;
  /** `services.web`; empty for the whole file. */
  field: string;
  image?: Given<string>;
  build?: Given<z.input<typeof build>>;
  command?: Given<string[]>;
  variables: Variable[];
  ports: Port[];
  volumes: Volume[];
  health?: Given<z.input<typeof healthcheck>>;
  memory?: Given<string>;
  cpus?: Given<number>;
  pids?: Given<number>;
  count?: Given<number>;
  user?: Given<string>;
  readOnly?: Given<boolean>;
  capabilities: Given<string>[];
  domains: Given<string>[];
  /** Only requests below it came here. */
  prefix?: Given<string>;
  /** The port that a proxy in front of it was told. */
  routedPort?: Given<number>;
  /** Names of variables that are secrets. */
  secrets: Given<string>[];
}

export function emptyPart(name: string, field: string): Part {
  return { name, field, variables: [], ports: [], volumes: [], capabilities: [], domains: [], secrets: [] };
}

/** `services.web` and `image` make `services.web.image`; names that are no plain words are put in quotes. */
export function below(field: string, name: string | number): string {
  if (typeof name === 'number') return `${field}[${name}]`;
  const part = /^[\w.-]+$/.test(name) ? name : JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
  return field === '' ? part : `${field}.${part}`;
}
