/** Files that are either the old or the new content, also after a power cut. */
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomId } from './ids.ts';

/** Writes, syncs, renames, syncs the folder. Throws the file system's error and leaves the old file as it was. */
export async function writeFileAtomic(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = `${path}.${randomId(6)}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      // The mode is what was asked for, whatever the umask takes away.
      await file.chmod(mode);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** A folder with exactly this mode, whatever the umask; the folders above it are made as they come. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  await makePath(path, mode);
  await chmod(path, mode);
}

/** Level by level: Node's own `recursive` never returns where a file system refuses new folders with ENOENT, as /proc does. */
async function makePath(path: string, mode: number): Promise<void> {
  const above = dirname(path);
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) return;
  if (!there && above !== path) await makePath(above, mode);
  try {
    await mkdir(path, { mode });
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!(await stat(path).catch(() => undefined))?.isDirectory()) throw error;
  }
}

/** The file's text, or undefined when there is none. */
export async function readFileIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
