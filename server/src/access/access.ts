/**
 * Tokens: `mc_<kind>_<id>_<random>`, stored as SHA-256, compared in constant time, revoked at once.
 * Nobody grants more than they hold.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { type Scope, scopeAllows, type Token } from 'minicloud-shared/model/access';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { Cloud, Principal } from '../context.ts';
import { randomId } from '../platform/ids.ts';
import { copiesOf, findToken, insertToken, listTokens, revokeToken, touchToken } from './store.ts';

const tokenPattern = /^mc_[a-z]+_([a-z2-7]{10})_[A-Za-z0-9_-]{43}$/;
const touchEveryMs = 60_000;
const revocations = new EventEmitter().setMaxListeners(0);

/** Emits the id of every token that is revoked, so that its open streams are closed. */
export function onRevoked(listener: (id: string) => void): () => void {
  revocations.on('revoked', listener);
  return () => revocations.off('revoked', listener);
}

export interface TokenInput {
  name: string;
  scope: Scope;
  apps?: string[] | undefined;
  expiresAt?: number | undefined;
}

/**
 * The new token and, this once, its value. With a `parent` it is a copy of that token's rights and ends with it, when
 * that is revoked.
 */
export async function createToken(
  cloud: Cloud,
  by: Principal,
  input: TokenInput,
  parent?: string,
): Promise<{ token: Token; value: string }> {
  requireGrantable(cloud, by, input);
  const id = randomId();
  const value = `mc_user_${id}_${randomBytes(32).toString('base64url')}`;
  const token: Token = {
    id,
    name: input.name,
    scope: input.scope,
    ...(input.apps ? { apps: input.apps } : {}),
    createdAt: cloud.clock.now(),
    ...(input.expiresAt === undefined ? {} : { expiresAt: input.expiresAt }),
  };
  cloud.redactor.add(value);
  await insertToken(cloud.db, token, digest(value), parent);
  const apps = token.apps ? ` for ${token.apps.join(', ') || 'no app'}` : '';
  await accessChanged(cloud, by, `token ${token.name} (${id}) was made: ${token.scope}${apps}`);
  return { token, value };
}

/** Throws `forbidden` for more than `by` holds, `invalid_input` for a token that would have ended already. */
export function requireGrantable(cloud: Cloud, by: Principal, input: TokenInput): void {
  const longer = by.expiresAt !== undefined && (input.expiresAt === undefined || input.expiresAt > by.expiresAt);
  if (!scopeAllows(by.scope, input.scope) || !withinApps(by, input.apps) || longer) {
    throw new ProblemError({
      code: 'forbidden',
      what: 'The token was not made',
      object: `token ${input.name}`,
      why: longer
        ? 'It would be valid for longer than the token you use.'
        : 'It would allow more than the token you use.',
      still: 'Nothing was changed.',
      remedy: 'Ask for a smaller scope, or use an administrator token.',
    });
  }
  if (input.expiresAt !== undefined && input.expiresAt <= cloud.clock.now()) {
    throw new ProblemError({
      code: 'invalid_input',
      what: 'The token was not made',
      object: 'expiresAt',
      why: 'It would have expired already.',
      still: 'Nothing was changed.',
      remedy: 'Give a time to come, in milliseconds since 1970, or none.',
    });
  }
}

/** Those that `by` could have made. */
export async function tokens(cloud: Cloud, by: Principal): Promise<Token[]> {
  return (await listTokens(cloud.db)).filter((token) => withinApps(by, token.apps));
}

/** From the next request on it opens nothing, and its open streams end. Throws `not_found` for those not in `tokens`. */
export async function revoke(cloud: Cloud, by: Principal, id: string): Promise<void> {
  const found = await findToken(cloud.db, id);
  const visible = found !== undefined && withinApps(by, found.token.apps);
  if (!visible || !(await revokeToken(cloud.db, id, cloud.clock.now()))) {
    throw new ProblemError({
      code: 'not_found',
      what: 'There is no such token',
      object: `token ${id}`,
      why: 'No live token has this id.',
      remedy: 'List the tokens to find the right one.',
    });
  }
  revocations.emit('revoked', id);
  await accessChanged(cloud, by, `token ${found.token.name} (${id}) was revoked`);
  for (const copy of await copiesOf(cloud.db, id)) await revoke(cloud, by, copy);
}

/** The live token of that id. */
export async function tokenById(cloud: Cloud, id: string): Promise<Token | undefined> {
  return (await findToken(cloud.db, id))?.token;
}

/** False from the moment that it is revoked or has expired. */
export async function tokenAlive(cloud: Cloud, id: string): Promise<boolean> {
  const found = await findToken(cloud.db, id);
  return found !== undefined && !expired(cloud, found.token);
}

/** The token that a value proves, or undefined; takes the same time for a wrong value as for a right one. */
export async function verifyToken(cloud: Cloud, value: string): Promise<Token | undefined> {
  const id = tokenPattern.exec(value)?.[1];
  const found = id === undefined ? undefined : await findToken(cloud.db, id);
  const expected = Buffer.from(found?.hash ?? digest(''), 'hex');
  const same = timingSafeEqual(expected, Buffer.from(digest(value), 'hex'));
  if (!found || !same) return undefined;
  if (expired(cloud, found.token)) return undefined;
  const now = cloud.clock.now();
  if (now - (found.token.lastUsedAt ?? 0) > touchEveryMs) await touchToken(cloud.db, found.token.id, now);
  return found.token;
}

export function principalOf(token: Token): Principal {
  return {
    token: { id: token.id, createdAt: token.createdAt },
    name: token.name,
    scope: token.scope,
    ...(token.apps ? { apps: token.apps } : {}),
    ...(token.expiresAt === undefined ? {} : { expiresAt: token.expiresAt }),
  };
}

function withinApps(by: Principal, apps: string[] | undefined): boolean {
  return by.apps === undefined || (apps?.every((app) => by.apps?.includes(app)) ?? false);
}

function expired(cloud: Cloud, token: Token): boolean {
  return token.expiresAt !== undefined && token.expiresAt <= cloud.clock.now();
}

export async function accessChanged(cloud: Cloud, by: Principal, what: string): Promise<void> {
  await cloud.events.append({ by: by.name, body: { kind: 'access.changed', what } });
}

function digest(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}
