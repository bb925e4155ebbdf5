/** `Procfile` and `app.json` of Heroku as a manifest. */
import { splitCommand } from '../manifest/command.ts';
import { partName } from '../manifest/schema-scalars.ts';
import { appNameOf } from './app-name.ts';
import { assemble } from './assemble.ts';
import type { NeedGiven } from './backing.ts';
import { readJson } from './json.ts';
import type { ImportInput, ImportResult } from './model.ts';
import { below, emptyPart, type Part } from './part.ts';
import { renderImport } from './render.ts';
import { createReport, type Report } from './report.ts';
import { entriesOf, type Fields, fieldOf, fit, isFields, listOf, textOf } from './values.ts';

/** Files beside the chosen one that belong to it: another Procfile is for something else. */
export function herokuFiles({ file }: ImportInput): readonly string[] {
  return file === 'app.json' ? ['Procfile', 'Dockerfile'] : ['app.json', 'Dockerfile'];
}

/** Where the app listens: Heroku gives a port at random, Minicloud the one that is exposed. */
const webPort = 8080;

export function importHeroku(input: ImportInput): ImportResult {
  const report = createReport();
  const chosen = input.file === 'app.json' ? 'app.json' : 'Procfile';
  const file = (name: string): string | undefined => (name === chosen ? input.text : input.files?.get(name));
  const procfile = chosen === 'Procfile' ? input.file : 'Procfile';
  const read = readJson(file('app.json') ?? '{}', 'app.json');
  if ('ok' in read) return read;
  const app = isFields(read.value) ? read.value : {};
  const types = readProcfile(file('Procfile') ?? '', report);
  if (types.size === 0 && Object.keys(app).length === 0)
    return {
      ok: false,
      why: `There is no process in ${procfile}, and nothing in app.json.`,
      remedy: 'Choose the folder of an app for Heroku.',
    };
  const release = types.get('release');
  types.delete('release');
  const main = types.get('web') ?? emptyPart('web', '');
  types.delete('web');
  if (main.command || types.size === 0) main.ports.push({ port: webPort, proto: 'http', field: main.field || 'web' });
  if (main.ports.length > 0)
    report.note(`The app has to listen on the port in the variable PORT, as on Heroku; here it is ${webPort}.`);
  const docker = file('Dockerfile') !== undefined || app.stack === 'container';
  main.build = {
    value: docker ? { type: 'dockerfile' } : { type: 'nixpacks' },
    field: docker ? 'Dockerfile' : 'buildpacks',
  };
  // Without a process that serves, the first one that works is the app.
  const [first, ...rest] = [...(main.ports.length > 0 ? [main] : []), ...types.values()];
  if (first && first !== main) first.build = main.build;
  const part = first ?? main;
  const needs = readApp(app, [part, ...rest], report);
  const manifest = assemble(
    {
      name: appNameOf(textOf(app.name), input.folder),
      main: part,
      processes: rest,
      ...(release ? { release } : {}),
      supports: [],
      needs,
    },
    report,
  );
  return renderImport(manifest, {
    from: file('app.json') === undefined ? procfile : `${procfile} and app.json`,
    report,
    services: [],
    offered: input.offered,
  });
}

const nothingOn = /^\s*(#.*)?$/;
const processLine = /^([A-Za-z0-9_-]+)\s*:\s*(\S.*)$/;

/** True when every line of a text is a process, and one of them is a usual one: nothing else is a Procfile by its text. */
export function isProcfile(text: string): boolean {
  const lines = text
    .replace(/^\ufeff/, '')
    .split(/\r\n?|\n/)
    .filter((line) => !nothingOn.test(line));
  return (
    lines.every((line) => processLine.test(line.trim())) &&
    lines.some((line) => /^\s*(web|worker|release)\s*:/.test(line))
  );
}

/** `web: gunicorn app:app`, one process a line. https://devcenter.heroku.com/articles/procfile */
function readProcfile(text: string, report: Report): Map<string, Part> {
  const parts = new Map<string, Part>();
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n?|\n/)
    .entries()) {
    if (nothingOn.test(line)) continue;
    const [, name = '', command = ''] = processLine.exec(line.trim()) ?? [];
    const field = name === '' ? `Procfile line ${index + 1}` : below('Procfile', name);
    if (name === '' || fit(partName, name) === undefined)
      report.left(field, 'This is no process, written NAME: COMMAND.');
    else if (parts.has(name)) report.left(field, 'The process is there twice; the first one counts.');
    else parts.set(name, { ...emptyPart(name, field), command: { value: argvOf(command), field } });
  }
  return parts;
}

/** Heroku runs commands in a shell: those that need one keep it. */
function argvOf(command: string): string[] {
  const split = splitCommand(command);
  return split.ok ? split.argv : ['sh', '-c', command];
}

type Read = (value: unknown, field: string, parts: Part[], report: Report) => NeedGiven[];

const none =
  (why: string): Read =>
  (_value, field, _parts, report) => {
    report.left(field, why);
    return [];
  };

const same =
  (to: string): Read =>
  (_value, field, _parts, report) => {
    report.took(field, to);
    return [];
  };

/** Every key of `app.json`, https://devcenter.heroku.com/articles/app-json-schema. A key in no row is told as unknown. */
export const appJsonFields: Readonly<Record<string, Read>> = {
  name: same('name'),
  addons: readAddons,
  buildpacks: same('build: nixpacks finds the language by itself'),
  description: none('A manifest has no description; write a comment.'),
  env: readVariables,
  environments: none('A manifest is for one environment; staging is an app of its own.'),
  formation: readFormation,
  generic: none('A manifest has no such field.'),
  image: none('The image is built.'),
  keywords: none('A manifest has no keywords; write a comment.'),
  logo: none('Apps have no pictures.'),
  repository: none('The folder is sent; write build.git when the server should fetch the source itself.'),
  scripts: none('There is no command after the first deploy; release runs one before each.'),
  stack: same('build'),
  success_url: none('Nothing is opened after a deploy.'),
  website: none('A manifest has no website; write a comment.'),
};

function readApp(app: Fields, parts: Part[], report: Report): NeedGiven[] {
  return Object.entries(app).flatMap(([key, value]) => {
    const read = Object.hasOwn(appJsonFields, key) ? appJsonFields[key] : undefined;
    return (read ?? none('app.json has no such key.'))(value, below('app.json', key), parts, report);
  });
}

function readVariables(value: unknown, field: string, [main]: Part[], report: Report): NeedGiven[] {
  for (const [name, item] of entriesOf(value)) {
    const inside = below(field, name);
    if (fieldOf(item, 'generator') === 'secret') {
      main?.secrets.push({ value: name, field: inside });
      continue;
    }
    const text = textOf(isFields(item) ? item.value : item);
    if (text === undefined && fieldOf(item, 'required') === false)
      report.left(inside, 'It has no value and does not need one.');
    else main?.variables.push({ name, value: text, field: inside });
  }
  return [];
}

function readFormation(value: unknown, field: string, parts: Part[], report: Report): NeedGiven[] {
  for (const [name, item] of entriesOf(value)) {
    const inside = below(field, name);
    const part = parts.find((each) => each.name === name);
    const count = Number(fieldOf(item, 'quantity') ?? 1);
    if (!part) report.left(inside, 'The Procfile has no such process.');
    else if (Number.isInteger(count) && count >= 0 && count <= 100)
      part.count = { value: count, field: below(inside, 'quantity') };
    else report.left(below(inside, 'quantity'), 'This is no number of replicas that a manifest can hold.');
    if (fieldOf(item, 'size') !== undefined)
      report.left(below(inside, 'size'), 'Write how much memory and processor time a replica may use under resources.');
  }
  return [];
}

/** Add-ons by their services, and the variable that each sets. */
const addons: readonly [name: RegExp, need: Omit<NeedGiven, 'field'>][] = [
  [/^heroku-postgresql$/, { need: 'database', engine: 'postgres', env: 'DATABASE_URL' }],
  [/^jawsdb(-maria)?$/, { need: 'database', engine: 'mariadb', env: 'JAWSDB_URL' }],
  [/^cleardb$/, { need: 'database', engine: 'mariadb', env: 'CLEARDB_DATABASE_URL' }],
  [/^(heroku-redis|heroku-key-value-store)$/, { need: 'cache', env: 'REDIS_URL' }],
  [/^rediscloud$/, { need: 'cache', env: 'REDISCLOUD_URL' }],
  [/^cloudamqp$/, { need: 'messagebus', env: 'CLOUDAMQP_URL' }],
];

function readAddons(value: unknown, field: string, _parts: Part[], report: Report): NeedGiven[] {
  return listOf(value).flatMap((item, index): NeedGiven[] => {
    const inside = below(field, index);
    const plan = textOf(fieldOf(item, 'plan') ?? item) ?? '';
    const known = addons.find(([name]) => name.test(plan.split(':')[0] ?? ''))?.[1];
    if (!known) {
      report.left(
        inside,
        `Minicloud does not bring ${plan.split(':')[0] || 'this'}; run it as a support container, or give its address under secrets.`,
      );
      return [];
    }
    report.took(inside, `needs: ${known.need}`);
    report.note(`${inside}: the data of ${plan.split(':')[0]} is not moved.`);
    const as = textOf(fieldOf(item, 'as'));
    return [{ ...known, field: inside, ...(as && /^[A-Za-z_]\w*$/.test(as) ? { env: `${as}_URL` } : {}) }];
  });
}
