/** Which ports of the parts are exposed, by which names, and which of them is asked whether the app is well. */
import type { ManifestInput } from './assemble.ts';
import type { Part, Port } from './part.ts';
import type { Report } from './report.ts';

type Expose = NonNullable<ManifestInput['expose']>[number];

const tlsPorts = new Set([443, 8443, 9443]);

export function exposeOf(
  own: readonly Part[],
  names: ReadonlyMap<Part, string>,
  report: Report,
): { expose: Expose[]; health: ManifestInput['healthcheck'] } {
  const expose = own.flatMap((part) => exposePart(part, part === own[0] ? undefined : names.get(part), report));
  const domains = new Set<string>();
  for (const entry of expose) {
    // One domain leads to one place.
    entry.domains = entry.domains?.filter((name) => !domains.has(`${name}${entry.path ?? ''}`));
    for (const name of entry.domains ?? []) domains.add(`${name}${entry.path ?? ''}`);
    if (entry.domains?.length === 0) delete entry.domains;
  }
  const nameless = expose.filter(({ proto, domains }) => proto !== 'tcp' && proto !== 'udp' && domains === undefined);
  for (const { port } of nameless.slice(1))
    report.note(`Nothing leads to port ${port} yet: give it domains, or remove it from expose.`);
  return { expose, health: healthOf(own, expose, report) };
}

function exposePart(part: Part, process: string | undefined, report: Report): Expose[] {
  const ports = withoutLocal(withRouted(part, report), report);
  const plain = ports.some(({ port, proto }) => proto === 'http' && !tlsPorts.has(port));
  const kept = ports.filter(({ port, proto, field }) => {
    if (proto !== 'http' || !tlsPorts.has(port) || !plain) return true;
    report.left(field, `Port ${port} spoke TLS; Minicloud’s proxy does, and asks the other port.`);
    return false;
  });
  const main =
    kept.find(({ port, proto }) => proto === 'http' && port === part.routedPort?.value) ??
    kept.find(({ proto }) => proto === 'http');
  if (!main) {
    for (const given of [...part.domains, part.prefix])
      if (given) report.left(given.field, 'No port of the container is known to which it could lead.');
  }
  // The one that gets a name by itself is the first.
  return [...kept.filter((port) => port === main), ...kept.filter((port) => port !== main)].map((port): Expose => {
    const { field, proto } = port;
    report.took(field, 'expose');
    const entry: Expose = {
      ...(proto === 'http' ? {} : { proto }),
      port: port.port,
      ...(process === undefined ? {} : { process }),
    };
    if (port !== main) return entry;
    if (tlsPorts.has(port.port))
      report.note(`Port ${port.port} may speak TLS; Minicloud’s proxy asks it over plain HTTP.`);
    for (const given of part.domains) report.took(given.field, 'expose[0].domains');
    if (part.domains.length > 0) entry.domains = part.domains.map(({ value }) => value);
    if (part.prefix) {
      report.took(part.prefix.field, 'expose[0].path');
      entry.path = part.prefix.value;
    }
    return entry;
  });
}

/**
 * The ports without those that only the machine reached, which nobody meant for visitors; but where there is nothing
 * else, a proxy on the machine led to one, and the first that speaks HTTP stays.
 */
function withoutLocal(ports: readonly Port[], report: Report): Port[] {
  const open = ports.filter(({ local }) => !local);
  const only = open.length > 0 ? undefined : ports.find(({ proto }) => proto === 'http');
  for (const { port, field } of ports.filter((each) => each.local && each !== only))
    report.left(
      field,
      `Only the machine itself reached port ${port}; what is exposed in a manifest is open to everybody.`,
    );
  if (only)
    report.note(
      `${only.field}: only the machine itself reached port ${only.port}, through a proxy perhaps. Minicloud’s proxy makes it open to everybody: remove it from expose if it should not be.`,
    );
  return only ? [only] : open;
}

/** The ports, and the one that a proxy was told of. */
function withRouted({ ports, routedPort }: Part, report: Report): Port[] {
  if (!routedPort) return ports;
  report.took(routedPort.field, 'expose[0].port');
  const { value: port, field } = routedPort;
  const known = ports.some((each) => each.port === port && each.proto !== 'udp');
  const as = (each: Port): Port =>
    each.port === port && each.proto !== 'udp' ? { ...each, proto: 'http', local: false } : each;
  return known ? ports.map(as) : [{ port, proto: 'http', field }, ...ports];
}

function healthOf(own: readonly Part[], expose: readonly Expose[], report: Report): ManifestInput['healthcheck'] {
  const [main, ...others] = own;
  for (const { health } of others)
    if (health) report.left(health.field, 'An app has one health check, that of its first process.');
  if (!main?.health) return undefined;
  const { value, field } = main.health;
  const asked = expose.filter(({ proto, process }) => proto !== 'udp' && process === undefined).map(({ port }) => port);
  if (asked.length === 0 || (value.port !== undefined && !asked.includes(value.port))) {
    report.left(
      field,
      value.port === undefined
        ? 'No port is exposed that could be asked.'
        : `It asks port ${value.port}, which is not exposed.`,
    );
    return undefined;
  }
  report.took(field, 'healthcheck');
  return value;
}
