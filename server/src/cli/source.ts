/** What the words of `plan` and `deploy` mean: a folder with a manifest, an app that is there, or an image. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { appNamePattern } from 'minicloud-shared/model/app';
import { ProblemError } from 'minicloud-shared/model/problem';

/** What the server is sent. */
export interface Source {
  manifest?: string;
  fileName?: string;
  app?: string;
  image?: string;
}

export interface FoundSource {
  source: Source;
  /** The manifest's file as the person would write it. */
  file?: string;
  /** Said before the plan. */
  notes: string[];
}

export const manifestNames = ['cloud_manifest.yml', 'cloud_manifest.yaml', 'cloud_manifest.json'] as const;
/** As the server's. */
export const manifestMaxBytes = 256 * 1024;

/**
 * `word` is a folder, a manifest file or the name of an app; a folder that holds a manifest wins over an app of that
 * name. Throws when there is nothing to deploy.
 */
export async function findSource(
  word: string | undefined,
  image: string | undefined,
  cwd: string,
): Promise<FoundSource> {
  const withImage = image === undefined ? {} : { image };
  const found = await findManifests(path.resolve(cwd, word ?? '.'));
  const [file, ...others] = found;
  if (file !== undefined) {
    const shown = path.relative(cwd, file) || path.basename(file);
    const source = { manifest: await readManifest(file, shown), fileName: path.basename(file), ...withImage };
    const notes = others.map((other) => `${path.relative(cwd, other)} is there too and is not used.`);
    return { source, file: shown, notes };
  }
  const named = word !== undefined && appNamePattern.test(word);
  if (named) return { source: { app: word, ...withImage }, notes: [] };
  if (word === undefined && image !== undefined) return { source: { image }, notes: [] };
  throw await noManifestAt(word ?? '.', cwd);
}

/** The manifests of a folder, the one that counts first; the file itself when it is one. */
export async function findManifests(place: string): Promise<string[]> {
  if (await isKind(place, 'isFile')) return [place];
  const present = await Promise.all(
    manifestNames.map(async (name) =>
      (await isKind(path.join(place, name), 'isFile')) ? [path.join(place, name)] : [],
    ),
  );
  return present.flat();
}

/** Text of a manifest. Throws `manifest_invalid` for one that is too large or can't be read. */
export async function readManifest(file: string, shown: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > manifestMaxBytes)
      throw unreadable(shown, `It has ${size} bytes; a manifest has at most ${manifestMaxBytes}.`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw unreadable(shown, error instanceof Error ? error.message : String(error));
  }
}

async function isKind(place: string, kind: 'isFile' | 'isDirectory'): Promise<boolean> {
  try {
    return (await stat(place))[kind]();
  } catch {
    return false;
  }
}

function unreadable(file: string, why: string): ProblemError {
  return new ProblemError({
    code: 'manifest_invalid',
    what: 'The manifest can not be read',
    object: file,
    why,
    still: 'Nothing was changed.',
    remedy: 'Check the file and try again.',
  });
}

/** What a word stands for that is no manifest: a folder without one, or nothing at all. */
export async function noManifestAt(word: string, cwd: string): Promise<ProblemError> {
  return (await isKind(path.resolve(cwd, word), 'isDirectory')) ? noManifest(word) : noSuchPlace(word);
}

function noSuchPlace(place: string): ProblemError {
  return new ProblemError({
    code: 'manifest_invalid',
    what: 'There is no such folder or file',
    object: place,
    why: 'Nothing has this name.',
    still: 'Nothing was changed.',
    remedy: 'Check how it is written, or name the folder that holds the manifest.',
  });
}

function noManifest(folder: string): ProblemError {
  return new ProblemError({
    code: 'manifest_invalid',
    what: 'There is no manifest here',
    object: folder,
    why: `Neither ${manifestNames.join(' nor ')} is in it.`,
    still: 'Nothing was changed.',
    remedy:
      'Write a cloud_manifest.yml (a name and a port are enough), name another folder, or deploy an image with --image IMAGE.',
  });
}
