/** `ports` and `expose` of a service. */
import { port as portSchema } from '../../manifest/schema-scalars.ts';
import { below, type Part, type Port } from '../part.ts';
import type { Report } from '../report.ts';
import { entriesOf, fit, isFields, listOf, textOf } from '../values.ts';
import type { Reading } from './fields.ts';

/** Ports that speak a protocol of their own, by what is known to listen there. */
const notHttp = new Set([
  21, 22, 23, 25, 53, 110, 143, 389, 465, 587, 636, 993, 995, 1433, 1521, 1883, 3306, 4222, 5222, 5432, 5671, 5672,
  6379, 8883, 9042, 9092, 11211, 25565, 27017,
]);
const longestRange = 20;

/** https://github.com/compose-spec/compose-spec/blob/main/05-services.md#ports */
export function readPorts(value: unknown, field: string, part: Part, report: Report): void {
  for (const [index, item] of listOf(value).entries()) {
    const inside = below(field, index);
    const long = isFields(item);
    const short = long ? undefined : parseShort(textOf(item) ?? '');
    const found = long
      ? {
          range: range(textOf(item.target) ?? ''),
          proto: textOf(item.protocol) ?? 'tcp',
          published: textOf(item.published),
          host: textOf(item.host_ip),
        }
      : short;
    if (!found?.range) {
      report.left(inside, `This names no port from 1 to 65535, or more than ${longestRange} of them.`);
      continue;
    }
    const spoken = long ? textOf(item.app_protocol) : undefined;
    const local = isLocal(found.host);
    for (const port of found.range)
      addPort({ port, proto: protocolOf(port, found.proto, spoken), local, field: inside }, part, report);
    if (found.published !== undefined && found.published !== '')
      report.left(
        long ? below(inside, 'published') : inside,
        `The port ${found.published} of the machine is not opened: visitors come by a domain, through Minicloud’s proxy.`,
      );
    if (long) {
      for (const [key] of entriesOf(item))
        if (!['target', 'protocol', 'published', 'host_ip', 'app_protocol'].includes(key))
          report.left(below(inside, key), 'Ports of a manifest have no such detail.');
    }
  }
}

/** Ports that only other containers reached. They are exposed only where a proxy in front of the service used them. */
export function readExpose(value: unknown, field: string, part: Part, { report, service }: Reading): void {
  for (const [index, item] of listOf(value).entries()) {
    const inside = below(field, index);
    const ports = range((textOf(item) ?? '').replace(/\/(tcp|udp)$/, ''));
    const [first] = ports ?? [];
    if (first === undefined) report.left(inside, 'This names no port from 1 to 65535.');
    else if (part.routedPort?.value === first) report.took(inside, 'expose[0].port');
    else if (part.routedPort === undefined && part.domains.length > 0 && listOf(service.ports).length === 0)
      part.routedPort = { value: first, field: inside };
    else report.left(inside, 'Containers of one app reach each other on every port; it does not have to be said.');
  }
}

/** An address that only the machine itself reaches. */
export function isLocal(host: string | undefined): boolean {
  return host !== undefined && /^(127\.|\[?::1|localhost)/.test(host);
}

export function addPort(found: Port, part: Part, report: Report): void {
  const udp = found.proto === 'udp';
  if (part.ports.some((known) => known.port === found.port && (known.proto === 'udp') === udp)) {
    report.left(found.field, `Port ${found.port} is exposed already.`);
  } else part.ports.push(found);
}

export function protocolOf(port: number, transport: string, spoken?: string): Port['proto'] {
  if (transport.toLowerCase() === 'udp') return 'udp';
  if (spoken !== undefined) return /^(http|https|h2c|ws|wss|grpc)/i.test(spoken) ? 'http' : 'tcp';
  return notHttp.has(port) ? 'tcp' : 'http';
}

interface Short {
  range: number[] | undefined;
  proto: string;
  published: string | undefined;
  host: string | undefined;
}

/** `[[HOST:]PUBLISHED:]PORT[/PROTO]`, where HOST may be `[::1]` and ports may be ranges. */
function parseShort(text: string): Short {
  const match = /^(?:(?:(\[[^\]]*\]|[\w.-]+):)?(\d{0,5}(?:-\d{1,5})?):)?(\d{1,5}(?:-\d{1,5})?)(?:\/(\w+))?$/.exec(
    text.trim(),
  );
  return { range: range(match?.[3] ?? ''), proto: match?.[4] ?? 'tcp', published: match?.[2], host: match?.[1] };
}

function range(text: string): number[] | undefined {
  const [, from, to] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to ?? from)];
  if (from === undefined || last < first || last - first >= longestRange) return undefined;
  const ports = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return ports.every((port) => fit(portSchema, port) === port) ? ports : undefined;
}

/** A port that is written as a number or a text. */
export function onePort(value: unknown): number | undefined {
  const number = Number(textOf(value));
  return fit(portSchema, number) === number ? number : undefined;
}
