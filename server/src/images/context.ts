/** A folder as a build context: the same files always give the same hash and the same tar. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';

/** Files of the folder as a tar, with neither times nor owners of this machine in it. */
export async function packContext(folder: string): Promise<Readable> {
  const files = await readContext(folder);
  const tar = pack();
  for (const { name, mode, content } of files) tar.entry({ name, mode, mtime: new Date(0), uid: 0, gid: 0 }, content);
  tar.finalize();
  return Readable.from(tar);
}

/** First 16 digits of a hash over names, modes and contents: the tag of what is built from it. */
export async function contextHash(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const { name, mode, content } of await readContext(folder)) {
    hash.update(`${name}\0${mode.toString(8)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

interface ContextFile {
  name: string;
  mode: number;
  content: Buffer;
}

async function readContext(folder: string): Promise<ContextFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules') && !entry.name.endsWith('.test.ts'))
    .map((entry) => path.join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths.map(async (file) => {
      const executable = ((await stat(file)).mode & 0o100) !== 0;
      const name = path.relative(folder, file).split(path.sep).join('/');
      return { name, mode: executable ? 0o755 : 0o644, content: await readFile(file) };
    }),
  );
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}
