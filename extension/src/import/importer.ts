/** The importers, in a bundle of their own that is read with the first import: the parser of YAML and all rules are in it. */
import { filesFor, importApp, importMaxBytes, kindOf } from 'minicloud-shared/import/import';
import type { ImportInput, ImportResult } from 'minicloud-shared/import/model';

/** What is imported: a file, or the text of the clipboard. */
export interface Importable {
  /** Name of the file, without its folder. */
  file: string;
  folder: string;
  text: string;
  service?: string;
  /** What the server offers that it is for; this version’s own features when that is not known. */
  offered?: readonly string[];
}

/**
 * Makes a manifest of it. `read` gives the text of a file by its path below the folder, or nothing; it is called for
 * what the file names until nothing is new. Answers nothing when it is no file that can be imported.
 */
export async function runImport(
  { text, ...given }: Importable,
  read: (path: string, mostBytes: number) => Promise<string | undefined>,
): Promise<ImportResult | undefined> {
  const kind = kindOf(given.file, text);
  if (!kind) return undefined;
  const files = new Map<string, string>();
  const tried = new Set<string>();
  const input: ImportInput = { kind, text, files, ...given };
  const fresh = (): string[] => filesFor(input).filter((path) => !tried.has(path));
  for (let paths = fresh(); paths.length > 0; paths = fresh()) {
    for (const path of paths) {
      tried.add(path);
      const found = await read(path, importMaxBytes);
      if (found !== undefined) files.set(path, found);
    }
  }
  return importApp(input);
}
