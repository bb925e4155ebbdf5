/** A Compose file as a manifest. */

import { appNameOf } from '../app-name.ts';
import { assemble } from '../assemble.ts';
import { type NeedGiven, needField } from '../backing.ts';
import type { ImportInput, ImportResult } from '../model.ts';
import { below, type Part } from '../part.ts';
import { renderImport } from '../render.ts';
import { createReport, type Report } from '../report.ts';
import { entriesOf, type Fields, fieldOf, textOf } from '../values.ts';
import { commandOf } from './command.ts';
import { readService } from './fields.ts';
import { type Compose, readCompose } from './read.ts';
import { candidates, type Roles, rolesOf } from './roles.ts';

/** Fields of a service that stays behind because the server brings the like of it. */
const ofBacking = 'The server’s own takes its place, with settings of its own.';

export function importCompose(input: ImportInput): ImportResult {
  const report = createReport();
  const compose = readCompose(input, report);
  if ('ok' in compose) return compose;
  const { services } = compose;
  const names = candidates(services);
  const main = input.service ?? names[0];
  if (main === undefined)
    return {
      ok: false,
      why: `${input.file} has no services.`,
      remedy: 'Choose a Compose file, which has a key services.',
    };
  if (!services.has(main)) {
    return {
      ok: false,
      why: `${input.file} has no service ${main}.`,
      remedy: `It has ${names.slice(0, 20).join(', ')}.`,
    };
  }
  if (input.service === undefined && names.length > 1)
    report.note(`The app is the service ${main}; another one can be chosen: ${names.slice(1, 20).join(', ')}.`);
  const roles = rolesOf(services, main, report);
  const part = (name: string): Part => partOf(name, compose, report);
  const assembly = {
    name: appNameOf(textOf(compose.top.name), input.folder),
    main: part(main),
    processes: roles.processes.map(part),
    ...(roles.release === undefined ? {} : { release: part(roles.release) }),
    supports: roles.supports.map(part),
    needs: roles.needs.map((need) => needOf(need, services.get(need.service) ?? {}, report)),
  };
  const manifest = assemble(assembly, report);
  readTop(compose.top, report);
  if (assembly.release) leaveRest(assembly.release, report);
  const read = [main, ...roles.processes, ...roles.supports, ...(roles.release ? [roles.release] : [])];
  const known = new Set([...read, ...roles.needs.map((need) => need.service)]);
  for (const name of read) tellRest(name, services.get(name) ?? {}, name === main, known, report);
  return renderImport(manifest, {
    from: `${input.file} (service ${main})`,
    report,
    services: [main, ...names.filter((name) => name !== main)],
    offered: input.offered,
  });
}

/** A service as a part, with its entrypoint before its command. */
function partOf(name: string, compose: Compose, report: Report): Part {
  const service = compose.services.get(name) ?? {};
  const part = readService(name, { compose, report, service });
  const entrypoint = commandOf(service.entrypoint);
  const field = below(part.field, 'entrypoint');
  if (entrypoint) {
    part.command = { value: [...entrypoint, ...(part.command?.value ?? [])], field };
    report.note(
      `${field}: a container starts with the image’s own entrypoint, which gets this as its command. When the image has one that does not run its arguments, set ENTRYPOINT in the Dockerfile.`,
    );
    if (service.command !== undefined) report.took(below(part.field, 'command'), 'the end of the command');
  } else if (service.entrypoint !== undefined)
    report.left(field, 'The image’s own entrypoint can not be taken away; set ENTRYPOINT in the Dockerfile.');
  return part;
}

function needOf({ service, backing }: Roles['needs'][number], fields: Fields, report: Report): NeedGiven {
  const field = below('services', service);
  report.took(
    needField({
      name: service,
      field,
      variables: [],
      ports: [],
      volumes: [],
      capabilities: [],
      domains: [],
      secrets: [],
    }),
    `needs: ${backing.need}`,
  );
  for (const [key, value] of Object.entries(fields)) {
    if (key === 'image' || value === undefined) continue;
    report.left(
      below(field, key),
      key === 'volumes'
        ? 'The data in it is not moved: save it from the old one, and load it into the new.'
        : ofBacking,
    );
  }
  return { ...backing, field, host: service };
}

/** Of a command before the app only the command counts; the app’s own image, variables and volumes are there for it. */
function leaveRest(release: Part, report: Report): void {
  const { ports, volumes, domains, capabilities, count, health, memory, cpus, pids, user, readOnly, secrets } = release;
  for (const given of [
    ...ports,
    ...volumes,
    ...domains,
    ...capabilities,
    ...secrets,
    count,
    health,
    memory,
    cpus,
    pids,
    user,
    readOnly,
  ])
    if (given) report.left(given.field, 'The release command has what the app has.');
}

/** Whatever is written and was not told of: nothing goes in silence. */
function tellRest(name: string, service: Fields, isMain: boolean, known: ReadonlySet<string>, report: Report): void {
  const field = below('services', name);
  for (const key of Object.keys(service)) {
    const inside = below(field, key);
    if (service[key] === undefined || report.knows(inside)) continue;
    if (key === 'depends_on') {
      const names = textsOfDependencies(service[key]);
      const missing = names.filter((dependency) => !known.has(dependency));
      if (missing.length === 0) report.took(inside, 'what the app needs is there before it');
      else report.left(inside, `${missing.join(', ')} is not in the manifest.`);
    } else if (key === 'image' || key === 'build') report.took(inside, isMain ? key : 'the same image');
    else report.left(inside, 'There is nothing in it that a manifest could hold.');
  }
}

function textsOfDependencies(value: unknown): string[] {
  return Array.isArray(value) ? value.flatMap((item) => textOf(item) ?? []) : entriesOf(value).map(([name]) => name);
}

/** What each other key at the top of the file is for. */
const topFields: Record<string, string> = {
  networks: 'Each app has a network of its own.',
  volumes: 'Volumes are made by the server, in its own place.',
  configs: 'Files that are mounted at the start belong into the image; values go under env or secrets.',
  secrets: 'The values of secrets are given to the server, and are in no file.',
  models: 'Minicloud runs no language models; give the address of one under env.',
};

function readTop(top: Fields, report: Report): void {
  for (const [key, value] of Object.entries(top)) {
    if (['services', 'include'].includes(key)) continue;
    if (key === 'name') report.took('name', 'name');
    else if (key === 'version') report.left('version', 'The version of the Compose file means nothing any more.');
    else if (Object.hasOwn(topFields, key)) {
      for (const [name] of entriesOf(value)) report.left(below(key, name), topFields[key] ?? '');
      for (const [name, item] of entriesOf(value))
        if (fieldOf(item, 'external') === true && key === 'volumes')
          report.note(`volumes.${name} is made elsewhere; the app’s volume is another one, and starts empty.`);
    } else
      report.left(
        key,
        key.startsWith('x-') ? 'An extension that Compose itself does not use.' : 'Compose knows no such key.',
      );
  }
}
