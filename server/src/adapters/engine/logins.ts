/**
 * Logins at image registries: what `docker login` and `podman login` left for the user that runs Minicloud. Read anew
 * for each pull, given to the engine for the registry that they are for, and written nowhere.
 */
import { readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type Problem, ProblemError } from 'minicloud-shared/model/problem';
import * as z from 'zod';
import { runCommand } from '../../platform/exec.ts';
import { createRedactor } from '../../platform/log.ts';
import type { Engine, RegistryCredentials } from './contract.ts';
import { failureCode } from './problems.ts';
import { parseReference } from './reference.ts';

/** Who runs Minicloud: whose logins are meant, and how that one is called. */
export interface LoginOwner {
  user: string;
  uid: number;
  home: string;
  env: Readonly<Record<string, string | undefined>>;
}

export function loginOwner(env: LoginOwner['env']): LoginOwner {
  const uid = process.getuid?.() ?? -1;
  try {
    return { user: userInfo().username, uid, home: homedir(), env };
  } catch {
    // A user without an entry, as in some containers.
    return { user: `uid ${uid}`, uid, home: homedir(), env };
  }
}

export interface Login {
  credentials: RegistryCredentials;
  /** File or program that it is from. */
  from: string;
}

/** The same engine, which pulls with the login for the registry of the image where none is given and it may. */
export function withLogins(engine: Engine, owner: () => LoginOwner): Engine {
  const pullImage: Engine['pullImage'] = async (reference, options = {}) => {
    if (options.credentials) return engine.pullImage(reference, options);
    const { repository } = parseReference(reference);
    const registry = registryOf(repository);
    const who = owner();
    const { logins = 'told' } = options;
    const { login, troubles } = logins === 'none' ? { troubles: [] } : await findLogin(repository, who, options.signal);
    try {
      return await engine.pullImage(reference, login ? { ...options, credentials: login.credentials } : options);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const problem = login ? withoutSecret(error.problem, login, reference) : error.problem;
      if (logins === 'none') throw new ProblemError(refusedWithout(problem));
      if (problem.code !== 'registry_denied') throw login ? new ProblemError(problem) : error;
      throw new ProblemError(
        logins === 'told'
          ? refusedTold(problem, registry, who, login, troubles)
          : refusedUntold(problem, registry, login),
      );
    }
  };
  return Object.create(engine, {
    pullImage: { value: pullImage, enumerable: true, configurable: true, writable: true },
  });
}

/** The login for a repository, from the first place that has one; and what is wrong with places that may have had it. */
export async function findLogin(
  repository: string,
  owner: LoginOwner,
  signal?: AbortSignal,
): Promise<{ login?: Login; troubles: string[] }> {
  const troubles: string[] = [];
  for (const file of loginFiles(owner)) {
    const logins = await readLogins(file, troubles);
    const login = logins && (await loginOf(logins, file, repository, { owner, troubles, signal }));
    if (login) return { login, troubles };
  }
  return { troubles };
}

/** Docker's, then Podman's, each in the order in which they look themselves. */
function loginFiles({ env, home, uid }: LoginOwner): string[] {
  const config = env.XDG_CONFIG_HOME ?? join(home, '.config');
  const runtime = env.XDG_RUNTIME_DIR ?? (uid === 0 ? '/run' : `/run/user/${uid}`);
  return [
    join(env.DOCKER_CONFIG ?? join(home, '.docker'), 'config.json'),
    ...(env.REGISTRY_AUTH_FILE === undefined ? [] : [env.REGISTRY_AUTH_FILE]),
    join(runtime, 'containers', ...(env.XDG_RUNTIME_DIR === undefined && uid === 0 ? ['0'] : []), 'auth.json'),
    join(config, 'containers', 'auth.json'),
  ];
}

const text = z.string();
const loginsSchema = z.object({
  auths: z
    .record(text, z.object({ auth: text, username: text, password: text, identitytoken: text }).partial())
    .default({}),
  credHelpers: z.record(text, text).default({}),
  credsStore: text.optional(),
});
type Logins = z.output<typeof loginsSchema>;

async function readLogins(file: string, troubles: string[]): Promise<Logins | undefined> {
  try {
    return loginsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'it is not what a login writes';
    if (code !== 'ENOENT' && code !== 'ENOTDIR') troubles.push(`${file} could not be read: ${code}`);
    return undefined;
  }
}

interface Asking {
  owner: LoginOwner;
  troubles: string[];
  signal: AbortSignal | undefined;
}

async function loginOf(logins: Logins, file: string, repository: string, asking: Asking): Promise<Login | undefined> {
  const names = namesOf(repository);
  const helper = entryOf(logins.credHelpers, names);
  if (helper !== undefined) return askHelper(helper, repository, asking);
  const entry = entryOf(logins.auths, names);
  const credentials = entry && credentialsOf(entry);
  if (credentials) return { credentials, from: file };
  return logins.credsStore === undefined ? undefined : askHelper(logins.credsStore, repository, asking);
}

/** What a login may be for, the nearest first: a repository, a part of its path, its registry. */
function namesOf(repository: string): string[] {
  const parts = repository.split('/');
  return parts.map((_, cut) => parts.slice(0, parts.length - cut).join('/'));
}

function entryOf<T>(entries: Record<string, T>, names: readonly string[]): T | undefined {
  const known = new Map(Object.entries(entries).map(([key, entry]) => [plainName(key), entry]));
  const name = names.find((wanted) => known.has(wanted));
  return name === undefined ? undefined : known.get(name);
}

/** `https://index.docker.io/v1/` → `docker.io`. Without a scheme `v1` and `v2` are parts of a repository's path. */
function plainName(key: string): string {
  return key
    .replace(/^https?:\/\/(.*?)(\/v[12])?\/?$/, '$1')
    .replace(/\/$/, '')
    .replace(/^(index|registry-1)\.docker\.io(?=[:/]|$)/, 'docker.io');
}

function credentialsOf(entry: Logins['auths'][string]): RegistryCredentials | undefined {
  const decoded = Buffer.from(entry.auth ?? '', 'base64')
    .toString('utf8')
    .replace(/\0+$/, '');
  const colon = decoded.indexOf(':');
  const username = entry.username ?? (colon > 0 ? decoded.slice(0, colon) : '');
  const password = entry.password ?? (colon > 0 ? decoded.slice(colon + 1) : '');
  if (entry.identitytoken) return { username, password: entry.identitytoken, identity: true };
  return username === '' ? undefined : { username, password };
}

const helperMs = 15_000;
const helperAnswer = z.object({ Username: text, Secret: text });

/** A program that keeps logins, asked as Docker asks it: the registry in, JSON out. */
async function askHelper(name: string, repository: string, asking: Asking): Promise<Login | undefined> {
  const program = `docker-credential-${name}`;
  if (!/^[A-Za-z0-9._-]+$/.test(name)) {
    asking.troubles.push('a credential helper has a name that no program has');
    return undefined;
  }
  const registry = registryOf(repository);
  try {
    const { exitCode, stdout } = await runCommand([program, 'get'], {
      stdin: registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry,
      timeoutMs: helperMs,
      env: helperEnv(asking.owner.env),
      ...(asking.signal ? { signal: asking.signal } : {}),
    });
    // What it says is not shown: it may be the secret.
    if (exitCode !== 0) {
      if (!/not found/i.test(stdout)) asking.troubles.push(`${program} ended with exit code ${exitCode}`);
      return undefined;
    }
    const { Username, Secret } = helperAnswer.parse(JSON.parse(stdout));
    const identity = Username === '<token>';
    return { credentials: { username: Username, password: Secret, ...(identity ? { identity } : {}) }, from: program };
  } catch (error) {
    if (failureCode(error) === 'cancelled') throw error;
    const why = error instanceof ProblemError ? error.problem.why : 'its answer could not be read';
    asking.troubles.push(`${program} could not be asked: ${why}`);
    return undefined;
  }
}

/** Helpers find their own keys by the environment; Minicloud's settings are none of their business. */
function helperEnv(env: LoginOwner['env']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || name.startsWith('MINICLOUD_') ? [] : [[name, value] as const],
    ),
  );
}

function registryOf(repository: string): string {
  return repository.split('/')[0] ?? repository;
}

/**
 * What engine and registry said may hold the password. It is taken out here and not by the companion's redactor, which
 * what apps print goes through: an app that prints guesses would see which one is right. For the same reason nothing is
 * taken out where the name that was asked for holds it.
 */
function withoutSecret(problem: Problem, { credentials }: Login, reference: string): Problem {
  const redactor = createRedactor();
  redactor.add(credentials.password, credentials.username);
  if (redactor.redact(reference) !== reference) return problem;
  return JSON.parse(redactor.redact(JSON.stringify(problem))) as Problem;
}

function refusedTold(
  problem: Problem,
  registry: string,
  { user }: LoginOwner,
  login: Login | undefined,
  troubles: readonly string[],
): Problem {
  const command = `\`docker login ${registry}\` (or \`podman login ${registry}\`)`;
  const as = `on the server, as the user that runs Minicloud (${user})`;
  if (login)
    return {
      ...problem,
      why: `${registry} refused the login of ${login.credentials.username} from ${login.from}: ${problem.why}`,
      remedy: `Check the name of the image and what that login may read; for another one run ${command} ${as}.`,
    };
  return {
    ...problem,
    why: `${problem.why} No login for ${registry} was found${troubles.length > 0 ? `: ${troubles.join('; ')}` : ''}.`,
    remedy: `Check the name of the image; if it is private, run ${command} ${as}.`,
  };
}

function refusedUntold(problem: Problem, registry: string, login: Login | undefined): Problem {
  return {
    ...problem,
    why: login ? `${registry} refused the login of the server.` : `The server has no login for ${registry}.`,
    remedy: `Check the name of the image; if it is right, ask an administrator to look at the server's login for ${registry}.`,
  };
}

/** Failures of a registry that a login, or the image as it is on the machine, may have helped. */
const helpedByLogin: readonly string[] = ['registry_denied', 'image_not_found', 'registry_unreachable'];

function refusedWithout(problem: Problem): Problem {
  if (!helpedByLogin.includes(problem.code)) return problem;
  return {
    ...problem,
    remedy:
      'Check the name of the image, and whether its registry answers. If it is private, or on this server only, an administrator whose token is limited to no app has to deploy it first: with this token the server uses its logins only for images that its apps already have.',
  };
}
