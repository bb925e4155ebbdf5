/** From the text of a Compose file to its services: anchors, merges, `include`, `extends` and variables resolved. */
import { isAlias, isCollection, isMap, isPair, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { readDotenv } from '../dotenv.ts';
import type { ImportInput, NotImported } from '../model.ts';
import { below } from '../part.ts';
import type { Report } from '../report.ts';
import { entriesOf, type Fields, fieldOf, folderOf, isFields, listOf, pairsOf, pathBelow, textOf } from '../values.ts';
import { type Interpolated, interpolate } from './interpolate.ts';
import { mergeFields, moveInto } from './merge.ts';

export interface Compose {
  /** Everything at the top of the file. */
  top: Fields;
  services: ReadonlyMap<string, Fields>;
  /** A text with its variables replaced; for values that the walk over the file leaves alone. */
  resolve(text: string): Interpolated;
  /** The value of a variable in `.env`; undefined when it has none there. */
  lookUp(name: string): Interpolated | undefined;
  /** Text of another file of the folder; undefined when it is not there. */
  file(path: string): string | undefined;
}

/** Bytes of UTF-8 of one file. */
export const maxImportBytes = 256 * 1024;
/** Values of the whole file once anchors are written out: 256 KB of text have fewer. */
const mostValues = 200_000;
const deepest = 60;
const deepestInclude = 5;

/** Values whose variables are looked at where they are read: there a missing one means something. */
const resolvedLater = new Set(['environment', 'args']);

export class Unreadable extends Error {
  readonly remedy: string;
  constructor(why: string, remedy: string) {
    super(why);
    this.remedy = remedy;
  }
}

export function readCompose(input: ImportInput, report: Report): Compose | NotImported {
  try {
    const files = input.files ?? new Map<string, string>();
    const dotenv = readDotenv(files.get('.env') ?? '');
    const lookUp = (name: string): Interpolated | undefined => dotenv.get(name);
    const resolve = (text: string): Interpolated => interpolate(text, lookUp);
    const top = readYaml(input.text, input.file, report);
    const loaded = new Map<string, Fields>();
    const file = (path: string): string | undefined => files.get(path);
    const load = (path: string): Fields | undefined => {
      const known = loaded.get(path);
      const text = file(path);
      if (known || text === undefined) return known;
      const read = readYaml(text, path, report);
      loaded.set(path, read);
      return read;
    };
    const override = overridesOf(input.file).find((path) => files.has(path));
    if (override !== undefined)
      report.note(
        `${override} is beside it, and Compose puts it over ${input.file}; it is not read here: what it says is not in the manifest.`,
      );
    const services = new Map<string, Fields>();
    collect({ top, folder: '', load, report, services, depth: 0, resolve });
    const finished = new Map<string, Fields>();
    const spent = { values: 0 };
    for (const [name, service] of services) {
      finished.set(
        name,
        replaced(service, below('services', name), '', { resolve, report, spent, depth: 0 }) as Fields,
      );
    }
    return { top, services: finished, resolve, lookUp, file };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, why: error.message, remedy: error.remedy };
    // The parser's own limits: endless nesting, aliases inside aliases.
    const why = `${input.file} is nested too deep, or its aliases stand inside one another too often.`;
    return { ok: false, why, remedy: 'Write the values out, and try again.' };
  }
}

/** Files that Compose puts over one of a usual name by itself: the first that is there. None for any other name. */
function overridesOf(file: string): readonly string[] {
  if (!/^(docker-)?compose\.ya?ml$/.test(file)) return [];
  return ['compose', 'docker-compose'].flatMap((name) => [`${name}.override.yml`, `${name}.override.yaml`]);
}

/**
 * Paths of files that a Compose file names and that are read when they are there, and of those that Compose puts over
 * it. All are below its folder.
 */
export function composeFiles(input: ImportInput): string[] {
  const names = new Set(['.env', ...overridesOf(input.file)]);
  const found = (text: string, name: string, folder: string, depth: number): void => {
    let top: Fields;
    try {
      top = readYaml(text, name, undefined);
    } catch {
      return;
    }
    const add = (value: unknown, follow: boolean): void => {
      const text = textOf(value);
      const path = text === undefined ? undefined : pathBelow(folder === '' ? text : `${folder}/${text}`);
      if (path === undefined || path === '' || names.has(path)) return;
      names.add(path);
      const inner = follow && depth < deepestInclude ? input.files?.get(path) : undefined;
      if (inner !== undefined) found(inner, path, folderOf(path), depth + 1);
    };
    for (const item of listOf(top.include)) for (const path of listOf(fieldOf(item, 'path') ?? item)) add(path, true);
    for (const [, service] of entriesOf(top.services)) {
      add(fieldOf(fieldOf(service, 'extends'), 'file'), true);
      for (const key of ['env_file', 'label_file'])
        for (const item of listOf(fieldOf(service, key))) add(fieldOf(item, 'path') ?? item, false);
    }
  };
  found(input.text, input.file, '', 0);
  return [...names].slice(0, 50);
}

/** A file as plain values. Throws `Unreadable`. Reports keys that are there twice. */
function readYaml(text: string, name: string, report: Report | undefined): Fields {
  if (text.length > maxImportBytes || new TextEncoder().encode(text).length > maxImportBytes)
    throw new Unreadable(`${name} is larger than 256 KB.`, 'Take out what does not belong to the app, and try again.');
  const lineCounter = new LineCounter();
  const doc = parseDocument(text.replace(/^\ufeff/, ''), {
    version: '1.2',
    merge: true,
    // The parser compares every key with every other one.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
    lineCounter,
  });
  const [error] = doc.errors;
  if (error) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    const what = error.code === 'MULTIPLE_DOCS' ? 'it holds more than one document' : 'it is no YAML there';
    throw new Unreadable(
      `${name} can not be read at line ${line}, column ${col}: ${what}.`,
      'Correct the file, and try again.',
    );
  }
  visit(doc, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const word = String(key);
        if (seen.has(word) && word !== '<<') {
          const at = isRanged(key) ? ` on line ${lineCounter.linePos(key.range[0]).line}` : '';
          report?.note(`${name}: a key is there twice${at}; the last one counts.`);
        }
        seen.add(word);
      }
    },
  });
  if (doc.contents !== null && !isMap(doc.contents))
    throw new Unreadable(`${name} holds no map of keys.`, 'Choose a Compose file, which has a key services.');
  if (writtenOut(doc.contents, new Map()) > mostValues) throw tooMuch();
  const value: unknown = doc.toJS({ maxAliasCount: -1 });
  return isFields(value) ? value : {};
}

/** How many values there are once each alias is what it stands for. Nothing is expanded to find out. */
function writtenOut(node: unknown, anchors: Map<string, number>): number {
  if (isPair(node)) return writtenOut(node.key, anchors) + writtenOut(node.value, anchors);
  if (isAlias(node)) return anchors.get(node.source) ?? 1;
  let size = 1;
  if (isCollection(node)) for (const item of node.items) size += writtenOut(item, anchors);
  const anchor = (node as Partial<Node & { anchor?: string }> | null)?.anchor;
  if (anchor !== undefined) anchors.set(anchor, size);
  return size;
}

function tooMuch(): Unreadable {
  return new Unreadable('The file becomes too large when its aliases are written out.', 'Write it with fewer aliases.');
}

function isRanged(node: unknown): node is { range: [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

interface Collecting {
  top: Fields;
  /** Folder of the file, from that of the first one. */
  folder: string;
  load(path: string): Fields | undefined;
  report: Report;
  services: Map<string, Fields>;
  depth: number;
  resolve(text: string): Interpolated;
}

/** The services of a file and of those that it includes, each with what it extends. */
function collect(into: Collecting): void {
  const { top, folder, load, report, services, depth } = into;
  for (const [name, service] of entriesOf(top.services)) {
    if (services.has(name)) {
      report.note(`The service ${name} is there twice; the first one counts.`);
      continue;
    }
    if (service !== null && !isFields(service)) {
      report.left(below('services', name), 'A service is a map of keys.');
      continue;
    }
    services.set(name, extended(service ?? {}, name, into, new Set([`\n${name}`])));
  }
  for (const [index, item] of listOf(top.include).entries()) {
    const field = below('include', index);
    for (const value of listOf(fieldOf(item, 'path') ?? item)) {
      const path = placeOf(value, folder);
      const included = path === undefined || depth >= deepestInclude ? undefined : load(path);
      if (path === undefined || !included) {
        report.left(field, whyNotRead(path));
        continue;
      }
      report.took(field, 'the services of that file');
      const moved = { ...included, services: moveInto(included.services, folderOf(path)) };
      collect({ ...into, top: moved, folder: folderOf(path), depth: depth + 1 });
    }
  }
}

/** A service with what it extends below it. Circles end where they meet. */
function extended(service: Fields, name: string, from: Collecting, seen: ReadonlySet<string>): Fields {
  const { extends: base, ...own } = service;
  if (base === undefined || base === null) return service;
  const field = below(below('services', name), 'extends');
  const file = fieldOf(base, 'file');
  const wanted = textOf(fieldOf(base, 'service')) ?? textOf(base);
  const path = file === undefined ? undefined : placeOf(file, from.folder);
  const top = file === undefined ? from.top : path === undefined ? undefined : from.load(path);
  const found = wanted === undefined ? undefined : fieldOf(fieldOf(top, 'services'), wanted);
  const key = `${path ?? ''}\n${wanted}`;
  if (!top || !isFields(found) || wanted === undefined || seen.has(key) || seen.size > 20) {
    from.report.left(
      field,
      !top && file !== undefined ? whyNotRead(path) : 'There is no such service, or it extends itself.',
    );
    return own;
  }
  const folder = path === undefined ? from.folder : folderOf(path);
  const moved = path === undefined ? found : ((moveInto({ [wanted]: found }, folder) as Fields)[wanted] as Fields);
  from.report.took(field, `the fields of ${wanted}`);
  return mergeFields(extended(moved, wanted, { ...from, top, folder }, new Set([...seen, key])), own);
}

function placeOf(value: unknown, folder: string): string | undefined {
  const text = textOf(value);
  return text === undefined ? undefined : pathBelow(folder === '' ? text : `${folder}/${text}`);
}

export function whyNotRead(path: string | undefined): string {
  return path === undefined
    ? 'Only files of this folder and below are read.'
    : `${path} is not there; what it says is not in the manifest.`;
}

interface Walking {
  resolve(text: string): Interpolated;
  report: Report;
  spent: { values: number };
  depth: number;
}

/** The value with the variables in its texts replaced. What would be made with a secret is left out. */
function replaced(value: unknown, field: string, key: string, walk: Walking): unknown {
  walk.spent.values += 1;
  if (walk.spent.values > mostValues || walk.depth > deepest) throw tooMuch();
  const inside = { ...walk, depth: walk.depth + 1 };
  if (typeof value === 'string') {
    if (resolvedLater.has(key)) return value;
    const { text, missing, tainted } = walk.resolve(value);
    if (tainted) {
      walk.report.left(field, 'It is made with a variable that looks like a secret, and a manifest holds none.');
      return undefined;
    }
    for (const name of missing)
      walk.report.note(`${name} has no value in .env and no default; it is read as empty in ${field}.`);
    return text;
  }
  if (Array.isArray(value)) {
    const place = resolvedLater.has(key) ? key : '';
    return value
      .map((item, index) => replaced(item, below(field, index), place, inside))
      .filter((item) => item !== undefined);
  }
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => {
      const place = resolvedLater.has(key) && walk.depth < 4 ? key : name;
      return [name, replaced(item, below(field, name), place, inside)];
    }),
  );
}

/**
 * Variables of `environment` or `args`, with what they are made of. One that is written without a value has that of
 * `.env`, https://docs.docker.com/reference/compose-file/services/#environment.
 */
export function variablesOf(
  value: unknown,
  compose: Pick<Compose, 'resolve' | 'lookUp'>,
): { name: string; bare: boolean; resolved: Interpolated | undefined }[] {
  return pairsOf(value).map(([name, item]) => {
    const text = textOf(item);
    const bare = item === undefined;
    if (bare) return { name, bare, resolved: compose.lookUp(name) };
    return { name, bare, resolved: text === undefined ? undefined : compose.resolve(text) };
  });
}
