/** Databases, caches and message buses that an app brought along, and the need that takes the place of each. */
import { below, type Part, type Variable } from './part.ts';
import type { Report } from './report.ts';

export interface Backing {
  need: 'database' | 'cache' | 'messagebus';
  engine?: 'mariadb' | 'postgres';
}

/** Something the server brings, in the place of what stood at `field`. */
export interface NeedGiven extends Backing {
  field: string;
  /** Host name by which it was reached, and what it was. */
  host?: string;
  /** Variable that gets its address, where one is known. */
  env?: string;
}

const images: readonly [name: RegExp, backing: Backing][] = [
  [
    /(^|\/)(mysql|mariadb|percona|percona-server|mysql-server)(-server)?(?=[:@]|$)/,
    { need: 'database', engine: 'mariadb' },
  ],
  [
    /(^|\/)(postgres|postgresql|postgis|timescaledb|timescaledb-ha|pgvector|pgvecto-rs)(?=[:@]|$)/,
    { need: 'database', engine: 'postgres' },
  ],
  [/(^|\/)(redis|valkey|keydb|dragonfly|redis-stack|redis-stack-server)(?=[:@]|$)/, { need: 'cache' }],
  [/(^|\/)rabbitmq(?=[:@]|$)/, { need: 'messagebus' }],
];

/** What an image is, when it is a backing service that the server has itself. */
export function backingOf(image: string): Backing | undefined {
  return images.find(([name]) => name.test(image.toLowerCase()))?.[1];
}

/** Extensions that a plain database of the server does not have. */
const special = /postgis|timescaledb|pgvect|redis-stack|mysql|percona/;

/** What a person should know when this image's place is taken. */
export function backingNote(image: string, { need, engine }: Backing): string {
  const instead =
    need === 'database'
      ? `the server’s own ${engine === 'postgres' ? 'PostgreSQL' : 'MariaDB'}`
      : need === 'cache'
        ? 'a Redis of the app’s own'
        : 'the server’s own RabbitMQ';
  const found = special.exec(image);
  const other = found ? ` It is not ${image}: check that the app needs nothing that only ${found[0]} has.` : '';
  return `needs: ${need} is ${instead}; it starts empty, its version is the server’s, and the data of before is not moved.${other}`;
}

const standard = { database: 'DATABASE_URL', cache: 'REDIS_URL', messagebus: 'AMQP_URL' } as const;
const hostName = /^(.*?)_?(HOST(NAME)?|SERVER|ADDR(ESS)?|SERVICE)$/i;
const details = /^_?(PORT|USER(NAME)?|PASS(WORD|WD)?|PWD|NAME|DATABASE|DB|DB_?NAME|SCHEMA|VHOST)$/i;

/**
 * Gives each need the variable in which the app read its address, and takes those variables out: the need sets it.
 * What else led to the old service, such as DB_HOST beside DB_USER, is taken out too and told.
 */
export function settleNeeds(needs: readonly NeedGiven[], parts: readonly Part[], report: Report): NeedGiven[] {
  const names = new Set<string>();
  return needs.map((need) => {
    const settled = { ...need };
    const variables = parts.flatMap((part) => part.variables);
    const address =
      need.host === undefined ? undefined : variables.find((variable) => pointsAt(variable, need.host ?? '', true));
    settled.env = unused(need.env ?? address?.name ?? standard[need.need], need, names);
    names.add(settled.env);
    for (const part of parts)
      part.variables = part.variables.filter((variable) => keep(variable, settled, address, parts, report));
    return settled;
  });
}

function keep(
  variable: Variable,
  need: NeedGiven,
  address: Variable | undefined,
  parts: readonly Part[],
  report: Report,
): boolean {
  const { name, field, value } = variable;
  if (name === need.env) {
    report.took(field, `needs: ${need.need}`);
    if (value !== undefined && address?.name === name) tellScheme(value, need, field, report);
    return false;
  }
  if (need.host === undefined) return true;
  if (pointsAt(variable, need.host, false)) {
    report.left(
      field,
      `It led to ${need.host}; the server gives the whole address in ${need.env}: let the app read that.`,
    );
    return false;
  }
  const prefixes = parts
    .flatMap((part) => part.variables)
    .filter((other) => pointsAt(other, need.host ?? '', false))
    .flatMap((other) => hostName.exec(other.name)?.[1] ?? []);
  const prefix = prefixes.find(
    (start) => start !== '' && name.startsWith(start) && details.test(name.slice(start.length)),
  );
  if (prefix === undefined) return true;
  report.left(field, `It belonged to ${need.host}; user, password and database are in ${need.env}.`);
  return false;
}

/** Schemes that say which library reads the address: the server’s address has the plain one. */
function tellScheme(value: string, need: NeedGiven, field: string, report: Report): void {
  const scheme = /^([a-z0-9+.:-]+?):\/\//i.exec(value)?.[1] ?? '';
  if (/[+:]/.test(scheme))
    report.note(
      `${field}: the address began with ${scheme}://; the one of needs: ${need.need} begins plainly, without what names a library.`,
    );
}

/** True when a variable holds the address of that host, or its name. */
export function leadsTo(variable: Variable, host: string): boolean {
  return pointsAt(variable, host, false);
}

/** True for `redis://cache:6379/0` and, unless only addresses count, for `cache` and `cache:6379`. */
function pointsAt({ value }: Variable, host: string, address: boolean): boolean {
  if (value === undefined) return false;
  const quoted = host.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  if (new RegExp(`^[a-z][a-z0-9+.:-]*://([^\\s/]*@)?${quoted}(:\\d+)?([/?]|$)`, 'i').test(value)) return true;
  return !address && new RegExp(`^${quoted}(:\\d{1,5})?$`).test(value);
}

function unused(wanted: string, { host, need }: NeedGiven, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  const base = `${(host ?? need)
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^(\d)/, '_$1')}_URL`;
  let name = base;
  for (let count = 2; taken.has(name); count += 1) name = `${base}_${count}`;
  return name;
}

/** Where a backing service stood, for the report. */
export function needField(part: Part): string {
  return part.image?.field ?? below(part.field, 'image');
}
