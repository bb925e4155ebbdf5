/** Labels by which proxies were told what leads to a container: Traefik and Caddy. */
import { domain, routePath } from '../../manifest/schema-scalars.ts';
import { below, type Given, type Part } from '../part.ts';
import type { Report } from '../report.ts';
import { fit, pairsOf, textOf } from '../values.ts';
import { onePort } from './ports.ts';

type Take = (text: string, field: string, part: Part, report: Report) => boolean;

/** What a label means, by its name. A label in no row is one for somebody else. */
const known: readonly [name: RegExp, take: Take][] = [
  [/^traefik\.(http|tcp)\.routers\.[^.]+\.rule$|^traefik\.frontend\.rule$/i, traefikRule],
  [/^traefik\.(http|tcp)\.services\.[^.]+\.loadbalancer\.server\.port$|^traefik\.port$/i, routedPort],
  [/^caddy(_\d+)?$/i, (text, field, part, report) => addDomains(text.split(/[\s,]+/), field, part, report)],
  [
    /^caddy(_\d+)?\.(\d+_)?reverse_proxy$/i,
    (text, field, part) => routedPort(/(\d{2,5})\s*(\}\}|$)/.exec(text)?.[1] ?? '', field, part),
  ],
];

const proxys = /^(traefik|caddy)\b/i;

export function readLabels(value: unknown, field: string, part: Part, report: Report): void {
  for (const [name, item] of pairsOf(value)) {
    const inside = below(field, name);
    const text = textOf(item) ?? '';
    const taker = known.find(([pattern]) => pattern.test(name))?.[1];
    if (taker?.(text, inside, part, report)) continue;
    report.left(
      inside,
      proxys.test(name)
        ? 'A setting of another proxy; Minicloud’s own is in front of every app, with certificates and HTTPS.'
        : 'Minicloud’s containers carry its own labels only.',
    );
  }
}

/** Names of a proxy's configuration, of a variable or of a label, as domains. False when none of them is one. */
export function addDomains(names: readonly string[], field: string, part: Part, report: Pick<Report, 'left'>): boolean {
  const fitting = names.flatMap((name): Given<string>[] => {
    const plain = name
      .trim()
      .replace(/^https?:\/\//, '')
      .replace(/[:/].*$/, '')
      .toLowerCase();
    const value = plain.includes('.') ? fit(domain, plain) : undefined;
    return value === undefined ? [] : [{ value, field }];
  });
  for (const found of fitting) if (!part.domains.some(({ value }) => value === found.value)) part.domains.push(found);
  if (fitting.length > 0 && fitting.length < names.filter((name) => name.trim() !== '').length)
    report.left(field, 'Some of its names are no domains.');
  return fitting.length > 0;
}

/** ``Host(`a.example.com`) && PathPrefix(`/api`)``, or the `Host:a.example.com` of its first version. */
function traefikRule(text: string, field: string, part: Part, report: Report): boolean {
  const hosts = [...text.matchAll(/\bHost(?:SNI)?\(([^)]{0,2000})\)/g)].flatMap(([, inside = '']) => inside.split(','));
  const plain = /^Host:\s*([^;]+)/.exec(text)?.[1]?.split(',') ?? [];
  const names = [...hosts, ...plain].map((name) => name.replace(/[\s`'"]/g, ''));
  const took = addDomains(names, field, part, report);
  const prefix = /\bPath(?:Prefix)?\(\s*[`'"]([^`'"]*)/.exec(text)?.[1];
  const path = prefix === undefined ? undefined : fit(routePath, prefix);
  if (path !== undefined && path !== '/') part.prefix ??= { value: path, field };
  if (took && /!|\b(Headers?|Query|Method|ClientIP|HostRegexp|PathRegexp)\b/.test(text))
    report.left(field, 'Of the rule only hosts and the path count; its other conditions do not.');
  return took || path !== undefined;
}

function routedPort(text: string, field: string, part: Part): boolean {
  const port = onePort(text);
  if (port === undefined) return false;
  part.routedPort ??= { value: port, field };
  return true;
}
