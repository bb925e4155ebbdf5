/** Which server is meant, and with which token. A token is only ever sent to the server that it was saved for. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ProblemError } from 'minicloud-shared/model/problem';
import { z } from 'zod';
import { UsageProblem } from './exit-codes.ts';
import { readSaved, savedPath } from './servers.ts';

export interface Target {
  url: string;
  token?: string;
  /** How it was found, in words: `--api-url`, `MINICLOUD_API_URL`, or a file. */
  from: string;
}

export interface TargetInput {
  apiUrl?: string | undefined;
  env: NodeJS.ProcessEnv;
  cwd: string;
  home: string;
  /** Owner that files must have to count; our own user unless given. */
  uid?: number | undefined;
  warn(line: string): void;
}

/** Named on the command line, in the environment, saved by `login`, or running here: the first that there is. */
export async function findTarget(input: TargetInput): Promise<Target> {
  const { env } = input;
  const saved = await readSaved(savedPath(env, input.home), input.warn);
  const started = await findReady(input.cwd, input.uid ?? process.getuid?.());
  const named = input.apiUrl ?? (env.MINICLOUD_API_URL || undefined);
  const chosen = named === undefined ? saved.default : parseServerUrl(named);
  // What is damaged in a folder around is nothing to somebody who means another server.
  if (chosen === undefined && started?.damage !== undefined) throw damaged(started.file, started.damage);
  const ready = started?.damage === undefined ? started : undefined;
  const url = chosen ?? ready?.url;
  if (url === undefined) throw noServer();
  const from =
    input.apiUrl !== undefined
      ? '--api-url'
      : named !== undefined
        ? 'MINICLOUD_API_URL'
        : saved.default !== undefined
          ? savedPath(env, input.home)
          : (ready?.file ?? '');
  const kept =
    saved.servers.find((server) => server.url === url)?.token ?? (ready?.url === url ? ready?.token : undefined);
  const token = env.MINICLOUD_TOKEN || kept;
  return { url, from, ...(token === undefined ? {} : { token }) };
}

/** The address as it is kept and compared: scheme, host, port and path, no slash at the end. Throws `UsageProblem`. */
export function parseServerUrl(text: string): string {
  const typed = text.trim();
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(typed) ? '' : `${isLoopback(hostOf(typed)) ? 'http' : 'https'}://`;
  let url: URL;
  try {
    url = new URL(`${scheme}${typed}`);
  } catch {
    throw badUrl(text, 'It is not a URL.');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw badUrl(text, `It starts with ${url.protocol}`);
  if (url.username || url.password)
    throw badUrl(`${url.protocol}//${url.host}`, 'It holds a name or a password; the token is given apart.');
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** True for addresses that never leave this machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)$/i.test(host) || host.endsWith('.localhost');
}

function hostOf(text: string): string {
  return text.replace(/[/?#].*$/, '').replace(/:\d*$/, '');
}

const readySchema = z.object({ apiUrl: z.string(), token: z.string() });

interface Started {
  file: string;
  url?: string;
  token?: string;
  /** Why the file can't be read. */
  damage?: string;
}

/**
 * A companion started by `npm start` in this folder or one around it. Only files of our own count: somebody else's in
 * `/tmp` must not decide where a manifest is sent. One of ours counts though it is damaged: to pass it over would be to
 * talk to another server than the one that is meant.
 */
async function findReady(cwd: string, owner: number | undefined): Promise<Started | undefined> {
  for (let folder = path.resolve(cwd); ; folder = path.dirname(folder)) {
    const file = path.join(folder, '.minicloud', 'ready.json');
    if (await isOurs(file, owner)) return readReady(file);
    if (folder === path.dirname(folder)) return undefined;
  }
}

async function isOurs(file: string, owner: number | undefined): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && (owner === undefined || found.uid === owner);
}

async function readReady(file: string): Promise<Started> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return { file, damage: error instanceof Error ? error.message : String(error) };
  }
  try {
    const { apiUrl, token } = readySchema.parse(JSON.parse(text));
    return { file, url: parseServerUrl(apiUrl), token };
  } catch {
    // The error's own message quotes the text, which holds a token.
    return { file, damage: 'It holds no address of a server with a token for it.' };
  }
}

function damaged(file: string, why: string): ProblemError {
  return new ProblemError({
    code: 'invalid_input',
    what: 'What a server wrote here can not be read',
    object: file,
    why,
    still: 'Nothing was done.',
    remedy: 'Start that server again, which writes it anew, or name one with --api-url.',
  });
}

function noServer(): UsageProblem {
  return new UsageProblem({
    what: 'No server is known',
    object: 'this folder',
    why: 'None was named, you are not logged in, and none was started in this folder.',
    remedy: 'Run `minicloud login URL`, or start one here with `npm start`.',
  });
}

/** Thrown before anything is sent when there is a server and no token for it. */
export function noToken(url: string): ProblemError {
  return new ProblemError({
    code: 'unauthorized',
    what: 'There is no token for this server',
    object: url,
    why: 'You are not logged in to it, and MINICLOUD_TOKEN is not set.',
    remedy: `Run \`minicloud login ${url}\`.`,
  });
}

function badUrl(text: string, why: string): UsageProblem {
  return new UsageProblem({
    object: text,
    why,
    remedy: 'Write an address such as https://cloud.example.com or http://127.0.0.1:9443.',
  });
}
