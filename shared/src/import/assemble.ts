/** From parts to the text form of a manifest: what each value becomes, and what can't become anything. */
import type * as z from 'zod';
import type { manifestSchema } from '../manifest/schema.ts';
import { needDefaults } from '../manifest/schema-parts.ts';
import { envName, partName } from '../manifest/schema-scalars.ts';
import { leadsTo, type NeedGiven, settleNeeds } from './backing.ts';
import { exposeOf } from './expose.ts';
import type { Given, Part, Variable } from './part.ts';
import type { Report } from './report.ts';
import { isSecret, isSecretName } from './secrets.ts';
import { fit } from './values.ts';

/** A manifest as it is written. */
export type ManifestInput = z.input<typeof manifestSchema>;

export interface Assembly {
  name: string;
  /** What becomes the primary process. */
  main: Part;
  /** Other processes of the same image. */
  processes: Part[];
  /** What ran once before the app. */
  release?: Part;
  supports: Part[];
  needs: NeedGiven[];
}

export function assemble(assembly: Assembly, report: Report): ManifestInput {
  const { main, processes, release, supports } = assembly;
  const own = [main, ...processes];
  const needs = settleNeeds(assembly.needs, release ? [...own, release] : own, report);
  const names = processNames(assembly);
  const [env, secrets] = variablesOf(own, release, needs, report);
  const exposed = exposeOf(own, names, report);
  return withoutEmpty({
    name: assembly.name,
    image: took(main.image, 'image', report),
    build: took(main.build, 'build', report),
    expose: exposed.expose,
    env,
    secrets,
    needs: [...needs.map(needText), ...storageOf(own, report)],
    processes: processesOf(own, names, report),
    support: supportsOf(supports, names, needs, report),
    release: releaseOf(release, report),
    healthcheck: exposed.health,
    resources: processes.length === 0 ? limitsOf(main, 'resources', report) : undefined,
    security: securityOf(own, report),
  });
}

/** A value of the part, reported as mapped. */
function took<Value>(given: Given<Value> | undefined, to: string, report: Report): Value | undefined {
  if (given) report.took(given.field, to);
  return given?.value;
}

/** Names of the processes by their parts: `web` for the first, as routes lead there. */
function processNames({ processes, main }: Assembly): Map<Part, string> {
  const names = new Map([[main, 'web']]);
  for (const part of processes) names.set(part, freeName(part.name, new Set(names.values())));
  return names;
}

/** A name that a process or support container can have and that is not taken. */
function freeName(wanted: string, taken: ReadonlySet<string>): string {
  const base = fit(partName, wanted) ?? 'part';
  let name = base;
  for (let count = 2; taken.has(name); count += 1) name = `${base.slice(0, 28)}-${count}`;
  return name;
}

function variablesOf(
  own: readonly Part[],
  release: Part | undefined,
  needs: readonly NeedGiven[],
  report: Report,
): [env: Record<string, string>, secrets: string[]] {
  const values = new Map<string, Variable>();
  const secrets = new Map<string, string>();
  const brought = new Set(needs.map(({ env }) => env));
  for (const part of own)
    for (const { value, field } of part.secrets) if (!brought.has(value)) secrets.set(value, field);
  const all = [...own, ...(release ? [release] : [])].flatMap(({ variables }) => variables);
  for (const variable of all) {
    const why =
      unfit(variable.name) ??
      (readFromFile(variable) ? 'Secrets are no files: the app gets the value itself, in a variable.' : undefined);
    if (why !== undefined) report.left(variable.field, why);
    else if (variable.value === undefined && !isSecretName(variable.name) && !secrets.has(variable.name))
      report.left(
        variable.field,
        'It has no value here; write it under env, or under secrets when nobody should read it.',
      );
    else if (isHidden(variable)) secrets.set(variable.name, secrets.get(variable.name) ?? variable.field);
    else if (secrets.has(variable.name)) report.left(variable.field, 'It is under secrets, where another one put it.');
    else if (!values.has(variable.name)) values.set(variable.name, variable);
    else if (values.get(variable.name)?.value !== variable.value)
      report.left(
        variable.field,
        'All processes of an app have the same variables, and another one sets it differently.',
      );
  }
  for (const [name, field] of secrets) {
    values.delete(name);
    report.took(field, 'secrets');
    report.secret(name, field);
  }
  for (const { name, field } of values.values()) report.took(field, `env.${name}`);
  return [Object.fromEntries([...values.values()].map(({ name, value = '' }) => [name, value])), [...secrets.keys()]];
}

function isHidden({ name, value, tainted }: Variable): boolean {
  return tainted === true || (value === undefined ? isSecretName(name) : isSecret(name, value));
}

/** Why a manifest can't hold a variable of this name; undefined when it can. */
function unfit(name: string): string | undefined {
  if (fit(envName, name) !== name || name === '__proto__')
    return 'This is no name of a variable that a manifest can hold.';
  return /^MINICLOUD_/i.test(name) ? 'Variables that begin with MINICLOUD_ are set by Minicloud.' : undefined;
}

function readFromFile({ name, value }: Variable): boolean {
  return /_FILE$/.test(name) && /^\/run\/secrets\//.test(value ?? '');
}

type NeedText = NonNullable<ManifestInput['needs']>[number];

/** As short as it can be written. */
function needText({ need, engine, env }: NeedGiven): NeedText {
  const named = env === undefined || env === needDefaults[need].env ? {} : { env };
  const said = { ...(engine === 'postgres' ? { engine } : {}), ...named };
  if (Object.keys(said).length === 0) return need;
  if (need === 'database') return { database: said };
  return need === 'cache' ? { cache: named } : { messagebus: named };
}

function storageOf(own: readonly Part[], report: Report): NeedText[] {
  const volumes = new Map<string, NeedText>();
  for (const { path, field } of own.flatMap((part) => part.volumes)) {
    report.took(field, 'needs: storage');
    if (!volumes.has(path)) volumes.set(path, { storage: { path } });
  }
  return [...volumes.values()];
}

function processesOf(
  own: readonly Part[],
  names: ReadonlyMap<Part, string>,
  report: Report,
): ManifestInput['processes'] {
  const several = own.length > 1;
  return Object.fromEntries(
    own.flatMap((part) => {
      const name = names.get(part) ?? 'web';
      const to = `processes.${name}`;
      const process = withoutEmpty({
        command: took(part.command, `${to}.command`, report),
        count: took(part.count, `${to}.count`, report),
        resources: several ? limitsOf(part, `${to}.resources`, report) : undefined,
      });
      return several || Object.keys(process).length > 0 ? [[name, process]] : [];
    }),
  );
}

function limitsOf(part: Part, to: string, report: Report): ManifestInput['resources'] {
  const limits = withoutEmpty({
    memory: took(part.memory, `${to}.memory`, report),
    cpus: took(part.cpus, `${to}.cpus`, report),
    pids: took(part.pids, `${to}.pids`, report),
  });
  return Object.keys(limits).length > 0 ? limits : undefined;
}

function releaseOf(release: Part | undefined, report: Report): ManifestInput['release'] {
  const command = took(release?.command, 'release.command', report);
  return command === undefined ? undefined : { command };
}

function securityOf(own: readonly Part[], report: Report): ManifestInput['security'] {
  const [main, ...others] = own;
  for (const part of others) {
    const given = [part.user, part.readOnly, ...part.capabilities];
    for (const each of given)
      if (each)
        report.left(each.field, 'All processes of an app have the same security; what the first one says counts.');
  }
  const user = took(main?.user, 'security.user', report);
  const readOnly = took(main?.readOnly, 'security.read_only', report);
  const wanted = new Set(main?.capabilities.map((given) => took(given, 'security.capabilities', report) ?? ''));
  const security = withoutEmpty({ read_only: readOnly || undefined, user, capabilities: [...wanted] as never[] });
  return Object.keys(security).length > 0 ? security : undefined;
}

/** The host names that needs bring with them. */
const needHosts = { cache: 'redis', messagebus: 'rabbitmq', database: 'mariadb' } as const;

function supportsOf(
  parts: readonly Part[],
  processes: ReadonlyMap<Part, string>,
  needs: readonly NeedGiven[],
  report: Report,
): ManifestInput['support'] {
  const taken = new Set([
    'localhost',
    ...processes.values(),
    ...needs.map(({ need, engine }) => engine ?? needHosts[need]),
  ]);
  return Object.fromEntries(
    parts.map((part) => {
      const name = freeName(part.name, taken);
      taken.add(name);
      if (name !== part.name)
        report.note(
          `The service ${part.name} is called ${name} in the manifest; change it where the app names its host.`,
        );
      return [name, supportOf(part, `support.${name}`, needs, report)];
    }),
  );
}

function supportOf(
  part: Part,
  to: string,
  needs: readonly NeedGiven[],
  report: Report,
): NonNullable<ManifestInput['support']>[string] {
  const env = new Map<string, string>();
  for (const variable of part.variables) {
    const why =
      unfit(variable.name) ??
      (isHidden(variable)
        ? 'It looks like a secret, and a support container can only be given what stands in the file.'
        : variable.value === undefined
          ? 'It has no value here; write it under env of the support container.'
          : needs.some(({ host }) => host !== undefined && leadsTo(variable, host))
            ? 'It leads to a service that the server brings now, and the address is given to the app alone.'
            : undefined);
    if (why !== undefined) report.left(variable.field, why);
    else {
      env.set(variable.name, variable.value ?? '');
      report.took(variable.field, `${to}.env`);
    }
  }
  for (const given of [...part.ports, ...part.domains, part.prefix, part.routedPort])
    if (given)
      report.left(
        given.field,
        `A support container is reached by the app only; when visitors should reach it, import the file again with the service ${part.name} as an app of its own.`,
      );
  for (const given of [part.health, part.count, part.user, part.readOnly, ...part.capabilities, ...part.secrets])
    if (given) report.left(given.field, 'A support container has no such setting.');
  const volumes = part.volumes.map(({ path, field }) => {
    report.took(field, `${to}.volumes`);
    return { path };
  });
  return withoutEmpty({
    image: took(part.image, `${to}.image`, report) ?? '',
    command: took(part.command, `${to}.command`, report),
    env: Object.fromEntries(env),
    volumes,
    resources: limitsOf(part, `${to}.resources`, report),
  });
}

/** Without keys that say nothing: undefined, empty lists and empty maps. */
export function withoutEmpty<Value extends object>(value: Value): Value {
  const kept = Object.entries(value).filter(([, item]) => {
    if (item === undefined) return false;
    return typeof item !== 'object' || item === null || Object.keys(item).length > 0;
  });
  return Object.fromEntries(kept) as Value;
}
