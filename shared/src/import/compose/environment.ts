/** `environment`, `env_file` and `secrets` of a service. */
import { envName } from '../../manifest/schema-scalars.ts';
import { readDotenv } from '../dotenv.ts';
import { below, type Part, type Variable } from '../part.ts';
import { entriesOf, fieldOf, fit, listOf, pathBelow, textOf } from '../values.ts';
import type { Reading } from './fields.ts';
import type { Interpolated } from './interpolate.ts';
import { addDomains } from './labels.ts';
import { onePort } from './ports.ts';
import { variablesOf, whyNotRead } from './read.ts';

/** What becomes of a variable whose value `environment` leaves to whoever has one. */
const fromFile = 'its value in env_file';

export function readEnvironment(value: unknown, field: string, part: Part, { compose, report }: Reading): void {
  const known = indexOf(part);
  for (const { name, bare, resolved } of variablesOf(value, compose)) {
    const open = bare && resolved === undefined;
    const variable = { ...made(name, resolved, below(field, name)), ...(open ? { open } : {}) };
    if (open && known.has(name)) report.took(variable.field, fromFile);
    else if (!proxyVariable(variable, part)) put(variable, part, known);
    else report.took(variable.field, 'expose');
  }
}

/** Files of variables; what `environment` says counts before them. */
export function readEnvFiles(value: unknown, field: string, part: Part, { compose, report }: Reading): void {
  for (const [index, item] of listOf(value).entries()) {
    const inside = Array.isArray(value) ? below(field, index) : field;
    const path = pathBelow(textOf(fieldOf(item, 'path') ?? item) ?? '../');
    const text = path === undefined ? undefined : compose.file(path);
    if (text === undefined || path === undefined) {
      report.left(inside, whyNotRead(path));
      continue;
    }
    report.took(inside, 'env, secrets');
    const known = indexOf(part);
    for (const [name, resolved] of readDotenv(text)) {
      const before = part.variables[known.get(name) ?? -1];
      // A later file counts before an earlier one, and `environment` before all of them.
      if (before && !before.field.startsWith(field)) {
        if (!before.open) continue;
        report.took(before.field, fromFile);
      }
      put(made(name, resolved, below(inside, name)), part, known);
    }
  }
}

/** Secrets are files in Compose and variables in Minicloud. */
export function readSecrets(value: unknown, field: string, part: Part, { report }: Reading): void {
  for (const [index, item] of listOf(value).entries()) {
    const source = textOf(fieldOf(item, 'source') ?? item) ?? '';
    const name = fit(envName, source.replace(/[^A-Za-z0-9_]+/g, '_').toUpperCase());
    const inside = below(field, index);
    if (name === undefined) report.left(inside, 'This is no name of a secret.');
    else {
      part.secrets.push({ value: name, field: inside });
      report.note(
        `${inside}: Compose puts this secret into the file /run/secrets/${source}; Minicloud gives it to the app as the variable ${name}.`,
      );
    }
    for (const [key] of entriesOf(item))
      if (key !== 'source') report.left(below(inside, key), 'A secret is a variable, and no file.');
  }
}

function made(name: string, resolved: Interpolated | undefined, field: string): Variable {
  const whole = resolved !== undefined && resolved.missing.length === 0;
  return { name, value: whole ? resolved.text : undefined, tainted: resolved?.tainted ?? false, field };
}

/** Where each variable of a part is, by its name: a file may have thousands. */
function indexOf(part: Part): Map<string, number> {
  return new Map(part.variables.map(({ name }, index) => [name, index]));
}

function put(variable: Variable, part: Part, known: Map<string, number>): void {
  const at = known.get(variable.name);
  if (at === undefined) known.set(variable.name, part.variables.push(variable) - 1);
  else part.variables[at] = variable;
}

/** Variables that tell nginx-proxy what leads to a container, https://github.com/nginx-proxy/nginx-proxy. */
function proxyVariable({ name, value, field }: Variable, part: Part): boolean {
  if (value === undefined) return false;
  if (name === 'VIRTUAL_HOST' || name === 'LETSENCRYPT_HOST')
    return addDomains(value.split(','), field, part, { left: () => {} });
  if (name !== 'VIRTUAL_PORT') return false;
  const port = onePort(value);
  if (port !== undefined) part.routedPort ??= { value: port, field };
  return port !== undefined;
}
