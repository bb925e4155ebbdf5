/** The servers that this person is logged in to: one file with mode 0600, as it holds tokens. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { ProblemError } from 'minicloud-shared/model/problem';

export interface SavedServer {
  url: string;
  token: string;
  /** Milliseconds since the epoch. */
  addedAt: number;
}

export interface Saved {
  version: 1;
  /** Address of the one that is used when none is named. */
  default?: string | undefined;
  servers: SavedServer[];
}

export const noServers: Saved = { version: 1, servers: [] };

/** `~/.config/minicloud/config.json`, or below XDG_CONFIG_HOME. */
export function savedPath(env: NodeJS.ProcessEnv, home: string): string {
  return path.join(env.XDG_CONFIG_HOME || path.join(home, '.config'), 'minicloud', 'config.json');
}

/**
 * What is saved; nothing saved when there is no file. A file that others can read is closed to them, and `warn` is
 * told. Throws `invalid_input` that names the file when it can't be read.
 */
export async function readSaved(file: string, warn: (line: string) => void): Promise<Saved> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
    const { mode } = await stat(file);
    if (mode & 0o077) {
      await chmod(file, 0o600);
      warn(
        `${file} could be read by others and is now closed to them. If this machine has other users, make new tokens.`,
      );
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return noServers;
    throw unreadable(file, error instanceof Error ? error.message : String(error));
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which holds tokens.
    throw unreadable(file, 'It is not JSON.');
  }
  const wrong = wrongIn(json);
  if (wrong !== undefined) throw unreadable(file, `${wrong} is not what was written there.`);
  return json as Saved;
}

/** What is not as `writeSaved` wrote it. By hand: every command reads the file, and zod would be most of what it loads. */
function wrongIn(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null) return 'The file';
  const { version, default: used, servers } = json as Record<string, unknown>;
  if (version !== 1) return 'version';
  if (used !== undefined && typeof used !== 'string') return 'default';
  if (!Array.isArray(servers)) return 'servers';
  const types = { url: 'string', token: 'string', addedAt: 'number' };
  const wrong = servers.flatMap((server: Record<string, unknown> | null, at) =>
    Object.entries(types)
      .filter(([key, type]) => typeof server?.[key] !== type)
      .map(([key]) => `servers.${at}.${key}`),
  );
  return wrong[0];
}

/** Writes all of it or nothing: mode 0600, in a folder of mode 0700 when that had to be made. */
export async function writeSaved(file: string, saved: Saved): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(saved, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** With the server added or replaced, and the one that is used from now on. */
export function withServer(saved: Saved, server: SavedServer): Saved {
  return { ...saved, default: server.url, servers: [...saved.servers.filter(({ url }) => url !== server.url), server] };
}

/** Without the server; the newest of the others takes its place as the default. */
export function withoutServer(saved: Saved, url: string): Saved {
  const servers = saved.servers.filter((server) => server.url !== url);
  const next = saved.default === url ? servers.at(-1)?.url : saved.default;
  return { version: 1, servers, ...(next === undefined ? {} : { default: next }) };
}

function unreadable(file: string, why: string): ProblemError {
  return new ProblemError({
    code: 'invalid_input',
    what: 'The saved servers can not be read',
    object: file,
    why,
    remedy: 'Mend or remove the file, then run `minicloud login URL` again.',
  });
}
