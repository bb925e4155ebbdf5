/** What `minicloud import` does. */
import { open, readdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Imported, ImportInput } from 'minicloud-shared/import/model';
import { ProblemError } from 'minicloud-shared/model/problem';
import { usage } from './arguments.ts';
import type { Context } from './command.ts';
import { importCommand } from './commands/import.ts';
import { confirm, mustBeAskable } from './confirm.ts';
import { exitCodes } from './exit-codes.ts';
import { inspectContainer } from './inspect-container.ts';
import { textLines } from './screen.ts';
import { findManifests, manifestNames } from './source.ts';
import { type Line, styled } from './text.ts';

const { filesFor, importApp, importMaxBytes, kindOf, likeliest } = await import('minicloud-shared/import/import');

export async function runImport(context: Context): Promise<number> {
  const { args } = context;
  const { input, folder } = await inputOf(context);
  const result = importApp(input);
  if (!result.ok) throw nothing(input.file, result.why, result.remedy);
  const file = args.has('write') ? await write(context, folder, result) : undefined;
  if (args.has('write') && file === undefined) return exitCodes.interrupted;
  const { ok: _, ...told } = result;
  if (context.json) context.out.json({ ...told, ...(file === undefined ? {} : { file }) });
  else {
    if (file === undefined) context.out.print(...textLines(result.manifest.replace(/\n$/, '')));
    context.err.print(...summary(result, file));
  }
  return exitCodes.ok;
}

interface Found {
  input: ImportInput;
  /** Where the manifest would be written. */
  folder: string;
}

async function inputOf(context: Context): Promise<Found> {
  const { args, cwd } = context;
  const service = args.text('service');
  const container = args.text('container');
  const [word] = args.positionals;
  const more = service === undefined ? {} : { service };
  if (container !== undefined) {
    if (word !== undefined) throw usage(importCommand, word, 'It is either a file or a container.');
    const text = await inspectContainer(container, context.env);
    return { input: { kind: 'container', file: container, text, folder: container, ...more }, folder: cwd };
  }
  if (word === '-') {
    const text = await context.readInput(importMaxBytes);
    const kind = kindOf('-', text);
    if (!kind) throw unknownKind('standard input');
    return {
      input: { kind, file: 'standard input', text, folder: path.basename(cwd), files: new Map(), ...more },
      folder: cwd,
    };
  }
  const file = await fileOf(path.resolve(cwd, word ?? '.'), word ?? '.');
  const text = await readSmall(file);
  const folder = path.dirname(file);
  const name = path.basename(file);
  const kind = kindOf(name, text);
  if (!kind) throw unknownKind(name);
  const files = new Map<string, string>();
  const input: ImportInput = { kind, file: name, text, folder: path.basename(folder), files, ...more };
  await readMore(input, folder, files);
  return { input, folder };
}

/** Reads what the file names, and what that names, until nothing is new. */
async function readMore(input: ImportInput, folder: string, files: Map<string, string>): Promise<void> {
  const tried = new Set<string>();
  const inside = `${await realpath(folder)}${path.sep}`;
  for (let fresh = filesFor(input); fresh.length > 0; fresh = filesFor(input).filter((name) => !tried.has(name))) {
    for (const name of fresh) {
      tried.add(name);
      try {
        const place = await realpath(path.join(folder, name));
        // A link may lead out of the folder.
        if (place.startsWith(inside)) files.set(name, await readSmall(place));
      } catch {
        // What is not there is told by the importer.
      }
    }
  }
}

async function fileOf(place: string, word: string): Promise<string> {
  const found = await stat(place).catch(() => undefined);
  if (!found) throw nothing(word, 'Nothing has this name.', 'Check how it is written.');
  if (!found.isDirectory()) return place;
  const name = likeliest(await readdir(place));
  if (name === undefined)
    throw nothing(
      word,
      'The folder holds no docker-compose.yml, Procfile, app.json or captain-definition.',
      'Name the file to import.',
    );
  return path.join(place, name);
}

async function readSmall(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > importMaxBytes)
    throw nothing(
      path.basename(file),
      `It has ${size} bytes; at most ${importMaxBytes} are read.`,
      'Choose another file.',
    );
  return readFile(file, 'utf8');
}

/** Path of the file that was written; undefined when the person did not want the one that is there replaced. */
async function write(context: Context, folder: string, { manifest }: Imported): Promise<string | undefined> {
  const [there] = await findManifests(folder);
  // What is made is YAML; beside a .json it is the one that counts.
  const file = there === undefined || there.endsWith('.json') ? path.join(folder, manifestNames[0]) : there;
  const shown = path.relative(context.cwd, file);
  if (there !== undefined) {
    mustBeAskable(context, importCommand);
    const old = path.relative(context.cwd, there);
    const question =
      there === file
        ? `${old} is there already. Replace it?`
        : `${old} is there already, and would not count any more. Write ${shown}?`;
    if (!(await confirm(context, question))) return undefined;
  }
  if (there !== file) {
    const handle = await open(file, 'wx');
    await handle.writeFile(manifest);
    await handle.close();
    return shown;
  }
  await writeFile(file, manifest);
  return shown;
}

function summary(result: Imported, file: string | undefined): Line[] {
  const { mapped, notMapped, secrets, notes, notOffered } = result;
  const list = (title: string, items: readonly string[]): Line[] =>
    items.length === 0 ? [] : [[title], ...items.map((item): Line => [`  ${item}`])];
  const head: Line = [
    styled('green', file === undefined ? 'made  ' : 'written  '),
    file ?? result.app,
    `  (${mapped.length} ${mapped.length === 1 ? 'field' : 'fields'} mapped, ${notMapped.length} not)`,
  ];
  const inFile = file !== undefined;
  return [
    head,
    // What was printed says the rest itself.
    ...(inFile
      ? list(
          'Not taken over:',
          notMapped.map(({ field, why }) => `${field}: ${why}`),
        )
      : []),
    ...(inFile ? list('To know:', notes) : []),
    ...list(
      'Not available in this version yet; a deploy is refused while it is there:',
      notOffered.map(({ path, label }) => `${path}  (${label})`),
    ),
    ...list(
      'To be set on the server:',
      secrets.map(({ name, field }) => `${name}  (${field})`),
    ),
  ];
}

function unknownKind(name: string): ProblemError {
  return nothing(
    name,
    'It is neither a Compose file, a Procfile, an app.json, a captain-definition nor what docker inspect prints.',
    'Name another file.',
  );
}

function nothing(object: string, why: string, remedy: string): ProblemError {
  return new ProblemError({
    code: 'manifest_invalid',
    what: 'Nothing can be imported',
    object,
    why,
    still: 'Nothing was changed.',
    remedy,
  });
}
