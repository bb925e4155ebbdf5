/** Which server is meant, and with which token. A token is only ever sent to the server that it was saved for. */
import { lstat, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { ProblemError } from 'minicloud-shared/model/problem';
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

/**
 * Named on the command line, in the environment, saved by `login`, or running here: the first that there is. Folders
 * come from strangers, too, so that a file in one says where to send nothing but the token that stands in it.
 */
export async function findTarget(input: TargetInput): Promise<Target> {
  const { env } = input;
  const saved = await readSaved(savedPath(env, input.home), input.warn);
  const started = await findReady(input.cwd, input.uid ?? process.getuid?.());
  const named = input.apiUrl ?? (env.MINICLOUD_API_URL || undefined);
  const chosen = named === undefined ? saved.default : parseServerUrl(named);
  if (chosen === undefined) return startedHere(input, started);
  const from =
    input.apiUrl !== undefined ? '--api-url' : named !== undefined ? 'MINICLOUD_API_URL' : savedPath(env, input.home);
  // What is damaged in a folder around is nothing to somebody who means another server.
  const kept =
    saved.servers.find((server) => server.url === chosen)?.token ??
    (started?.url === chosen ? started.token : undefined);
  const token = env.MINICLOUD_TOKEN || kept;
  return { url: chosen, from, ...(token === undefined ? {} : { token }) };
}

function startedHere({ env, warn }: TargetInput, started: Started | undefined): Target {
  if (started === undefined) throw env.MINICLOUD_TOKEN ? noAddress() : noServer();
  const { file, url, token, damage } = started;
  if (url === undefined || token === undefined) throw damaged(file, damage ?? '');
  if (env.MINICLOUD_TOKEN && env.MINICLOUD_TOKEN !== token)
    warn(`MINICLOUD_TOKEN is not sent to the server of ${file}. Set MINICLOUD_API_URL=${url} if it is for that one.`);
  return { url, from: file, token };
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

interface Started {
  file: string;
  url?: string;
  token?: string;
  /** Why the file can't be read. */
  damage?: string;
}

/**
 * A companion started by `npm start` in this folder or one around it. Only files of our own count: one that somebody
 * else made in `/tmp`, or could write to, must not decide where a manifest is sent. One of ours counts though it is
 * damaged: to pass it over would be to talk to another server than the one that is meant.
 */
async function findReady(cwd: string, owner: number | undefined): Promise<Started | undefined> {
  for (let folder = path.resolve(cwd); ; folder = path.dirname(folder)) {
    const file = path.join(folder, '.minicloud', 'ready.json');
    if (await isOurs(file, owner)) return readReady(file);
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** A companion makes a plain file that its owner alone can write; a link could show the file of another folder. */
async function isOurs(file: string, owner: number | undefined): Promise<boolean> {
  const found = await lstat(file).catch(() => undefined);
  if (found === undefined || found.isSymbolicLink()) return false;
  return owner === undefined || (found.uid === owner && (found.mode & 0o022) === 0);
}

async function readReady(file: string): Promise<Started> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return { file, damage: error instanceof Error ? error.message : String(error) };
  }
  try {
    const { apiUrl, token } = JSON.parse(text) as Record<string, unknown>;
    if (typeof apiUrl !== 'string' || typeof token !== 'string') throw new TypeError('not what is written there');
    const url = parseServerUrl(apiUrl);
    if (!isThisMachine(new URL(url).hostname))
      return { file, damage: 'The address in it is none of this machine, where a server that is started here runs.' };
    return { file, url, token };
  } catch {
    // The error's own message quotes the text, which holds a token.
    return { file, damage: 'It holds no address of a server with a token for it.' };
  }
}

/** Names ending in `.localhost` are not, as some machines ask the network for them. */
function isThisMachine(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return (isLoopback(host) && !host.endsWith('.localhost')) || own.some(({ address }) => address === host);
}

function damaged(file: string, why: string): ProblemError {
  return new ProblemError({
    code: 'invalid_input',
    what: 'What a server wrote here can not be used',
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

function noAddress(): UsageProblem {
  return new UsageProblem({
    what: 'No server is known',
    object: 'this folder',
    why: 'MINICLOUD_TOKEN is set, but no address of the server that it is for.',
    remedy: 'Set MINICLOUD_API_URL to that address, or name it with --api-url.',
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
