/** Which service is the app, and what the others are for it. */
import { type Backing, backingNote, backingOf } from '../backing.ts';
import { below } from '../part.ts';
import type { Report } from '../report.ts';
import { entriesOf, type Fields, fieldOf, listOf, textOf, textsOf } from '../values.ts';

export interface Roles {
  main: string;
  /** Services of the same image: other processes of the app. */
  processes: string[];
  /** One of the same image that ran once before the app. */
  release?: string;
  needs: { service: string; backing: Backing }[];
  supports: string[];
}

/** Proxies and what gets certificates for them: the server has one of its own. */
const proxies =
  /(^|\/)(traefik|nginx-proxy|acme-companion|docker-letsencrypt-nginx-proxy-companion|caddy-docker-proxy|nginx-proxy-manager|certbot|swag)(?=[:@]|$)/;
const webNames = /^(web|app|server|api|frontend|backend|site|www|main|service)$/i;

/** Services that could be the app, the likeliest first. */
export function candidates(services: ReadonlyMap<string, Fields>): string[] {
  const needed = new Set([...services.values()].flatMap(dependenciesOf));
  const scored = [...services].map(([name, service], index) => ({
    name,
    index,
    score: likeness(name, service, needed.has(name)),
  }));
  return scored.sort((a, b) => b.score - a.score || a.index - b.index).map(({ name }) => name);
}

function likeness(name: string, service: Fields, needed: boolean): number {
  const image = imageOf(service);
  const labels = JSON.stringify(textsOf(service.labels)) + Object.keys(fieldOf(service, 'labels') ?? {}).join();
  return (
    (service.build === undefined || service.build === null ? 0 : 8) +
    (listOf(service.ports).length > 0 ? 4 : 0) +
    (/traefik\.http|caddy/.test(labels) ? 4 : 0) +
    (webNames.test(name) ? 3 : 0) +
    (dependenciesOf(service).length > 0 ? 1 : 0) -
    (needed ? 1 : 0) -
    (backingOf(image) ? 20 : 0) -
    (proxies.test(image) ? 30 : 0) -
    (listOf(service.profiles).length > 0 ? 6 : 0)
  );
}

export function rolesOf(services: ReadonlyMap<string, Fields>, main: string, report: Report): Roles {
  const app = services.get(main) ?? {};
  const roles: Roles = { main, processes: [], needs: [], supports: [] };
  for (const [name, service] of services) {
    if (name === main) continue;
    const field = below('services', name);
    const image = imageOf(service);
    const backing = backingOf(image);
    const profiles = textsOf(service.profiles);
    if (profiles.length > 0)
      report.left(field, `It runs with the profile ${profiles.join(', ')} only, and a manifest has no profiles.`);
    else if (service.provider !== undefined)
      report.left(field, 'Another program makes this service; say under needs what the app needs from the server.');
    else if (proxies.test(image))
      report.left(field, 'Minicloud has a proxy of its own in front of every app, with certificates.');
    else if (backing && (service.build === undefined || service.build === null)) {
      roles.needs.push({ service: name, backing });
      report.note(`${field}: ${backingNote(image, backing)}`);
    } else if (sameSource(app, service)) {
      if (roles.release === undefined && runsBefore(app, name, service)) roles.release = name;
      else roles.processes.push(name);
    } else if (service.build !== undefined && service.build !== null)
      report.left(
        field,
        `It is built from a source of its own: make it an app of its own, by importing this file again with the service ${name}.`,
      );
    else if (image === '') report.left(field, 'It has neither an image nor a build.');
    else roles.supports.push(name);
  }
  return roles;
}

/** Names in `depends_on`, `links` and `volumes_from`. */
function dependenciesOf(service: Fields): string[] {
  const depends = service.depends_on;
  const names = Array.isArray(depends) ? textsOf(depends) : entriesOf(depends).map(([name]) => name);
  return [...names, ...textsOf(service.links).map((link) => link.split(':')[0] ?? '')];
}

function imageOf(service: Fields): string {
  return textOf(service.image) ?? '';
}

/** Built from the same folder and Dockerfile, or the same image. */
function sameSource(one: Fields, other: Fields): boolean {
  const source = (service: Fields): string | undefined => {
    const { build } = service;
    if (build === undefined || build === null) return textOf(service.image);
    const context = (textOf(build) ?? textOf(fieldOf(build, 'context')) ?? '.').replace(/^\.\/|\/$/g, '') || '.';
    return ['built', context, textOf(fieldOf(build, 'dockerfile')) ?? '', textOf(fieldOf(build, 'target')) ?? ''].join(
      '\n',
    );
  };
  // A worker often names the image that the app builds.
  if (textOf(one.image) !== undefined && one.image === other.image && (!other.build || !one.build)) return true;
  return source(one) !== undefined && source(one) === source(other);
}

/** True for a service that has to end well before the app starts. */
function runsBefore(app: Fields, name: string, service: Fields): boolean {
  const condition = textOf(fieldOf(fieldOf(app.depends_on, name), 'condition'));
  if (condition === 'service_completed_successfully') return service.command !== undefined;
  return (
    /^(migrate|migration|migrations|release|setup)$/.test(name) &&
    service.command !== undefined &&
    /^(no|false)$/.test(String(service.restart))
  );
}
