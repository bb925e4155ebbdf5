/** From what an app was described by before to a `cloud_manifest.yml`. Pure: whoever calls it reads the files. */
import { importCaprover } from './caprover.ts';
import { importCompose } from './compose/import-compose.ts';
import { composeFiles, maxImportBytes } from './compose/read.ts';
import { importContainer } from './container.ts';
import { herokuFiles, importHeroku, isProcfile } from './heroku.ts';
import type { ImportInput, ImportKind, ImportResult } from './model.ts';

interface Importer {
  /** Names of its files, the likeliest first. */
  names: RegExp;
  read(input: ImportInput): ImportResult;
  /** Other files of the folder that it looks at. */
  files(input: ImportInput): readonly string[];
}

const importers: Readonly<Record<ImportKind, Importer>> = {
  compose: { names: /^(docker-)?compose([.-][\w.-]+)?\.ya?ml$/i, read: importCompose, files: composeFiles },
  heroku: { names: /^(Procfile(\.[\w-]+)?|app\.json)$/, read: importHeroku, files: herokuFiles },
  caprover: { names: /^captain-definition$/, read: importCaprover, files: () => [] },
  container: { names: /inspect.*\.json$/i, read: importContainer, files: () => [] },
};

/** Larger files are refused: nobody wrote them by hand. An inspected container is short as well. */
export const importMaxBytes = maxImportBytes;

/**
 * Makes a manifest. Never throws, whatever the text. The answer's manifest has no error, and holds no value that looks
 * like a secret; what is not in it is named.
 */
export function importApp(input: ImportInput): ImportResult {
  if (new TextEncoder().encode(input.text).length > importMaxBytes)
    return {
      ok: false,
      why: `${input.file} is larger than 256 KB.`,
      remedy: 'Take out what does not belong to the app, and try again.',
    };
  try {
    return importers[input.kind].read(input);
  } catch (error) {
    // The last resort: what breaks an importer is told as that, with nothing of the text.
    const cause = error instanceof Error ? error.name : 'unknown cause';
    return {
      ok: false,
      why: `${input.file} can not be read (${cause}).`,
      remedy: 'Make it simpler, or write the manifest by hand.',
    };
  }
}

/** What a file is by its name, and for JSON by what is in it; undefined when it is nothing that can be imported. */
export function kindOf(name: string, text?: string): ImportKind | undefined {
  const kinds = Object.keys(importers) as ImportKind[];
  const named = kinds.find((kind) => importers[kind].names.test(name));
  if (named !== undefined || text === undefined) return named;
  if (/^\s*\[?\s*\{/.test(text) && /"HostConfig"\s*:/.test(text)) return 'container';
  if (/^\s*\{/.test(text) && /"schemaVersion"\s*:/.test(text)) return 'caprover';
  if (/^services\s*:/m.test(text)) return 'compose';
  return isProcfile(text) ? 'heroku' : undefined;
}

/**
 * Paths below the folder of other files that count, `files` of the input being those known so far: reading them may
 * bring more, so it is asked again until nothing is new.
 */
export function filesFor(input: ImportInput): readonly string[] {
  try {
    return importers[input.kind].files(input);
  } catch {
    return [];
  }
}

/** The file of a folder that is imported when none is named. */
export function likeliest(names: readonly string[]): string | undefined {
  const order = [/^compose\.ya?ml$/, /^docker-compose\.ya?ml$/, /^Procfile$/, /^app\.json$/, /^captain-definition$/];
  return order.flatMap((name) => names.filter((each) => name.test(each)))[0];
}
