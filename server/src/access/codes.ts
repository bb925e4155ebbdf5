/**
 * One-time codes: what `minicloud login --code` prints in a link, so that no token gets into a URL, and what a server
 * without an administrator prints when it starts. A code is good for
 * one redeeming within five minutes; what it is redeemed for is a new token that its maker could have made, or one of
 * the maker's own scope that ends with the maker's token.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { AccessCode, Redeemed, Token } from 'minicloud-shared/model/access';
import { codePattern, scopeAllows } from 'minicloud-shared/model/access';
import { ProblemError } from 'minicloud-shared/model/problem';
import { type Cloud, type Principal, systemPrincipal } from '../context.ts';
import {
  accessChanged,
  createToken,
  principalOf,
  requireGrantable,
  type TokenInput,
  tokenAlive,
  tokenById,
  tokens,
} from './access.ts';
import { countCodes, deleteExpiredCodes, insertCode, takeCode } from './store.ts';

export const codeLivesMs = 5 * 60_000;
/** Codes of one token that may be open at a time. */
const mostOpen = 20;

/** What the token that a code is redeemed for shall be; what is left out is as the maker's own. */
export type CodeInput = Partial<Omit<TokenInput, 'name'>> & Pick<TokenInput, 'name'>;

/** The code, this once: only its hash is kept. */
export async function createCode(cloud: Cloud, by: Principal, maker: Token, input: CodeInput): Promise<AccessCode> {
  const expiresAt = input.expiresAt ?? by.expiresAt;
  const apps = input.apps ?? by.apps;
  const wanted: TokenInput = {
    name: input.name,
    scope: input.scope ?? by.scope,
    ...(apps === undefined ? {} : { apps }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  requireGrantable(cloud, by, wanted);
  const now = cloud.clock.now();
  await deleteExpiredCodes(cloud.db, now);
  if ((await countCodes(cloud.db, maker.id)) >= mostOpen) throw tooManyOpen(maker);
  const code = newCode();
  const until = now + codeLivesMs;
  await insertCode(cloud.db, { hash: digest(code), maker: maker.id, token: wanted, createdAt: now, expiresAt: until });
  await accessChanged(cloud, by, `a code for the token ${wanted.name} was made: ${wanted.scope}`);
  return { code, name: wanted.name, scope: wanted.scope, ...(apps ? { apps } : {}), expiresAt: until };
}

/** The code for the first administrator of each: no token made it, and it ends with the process. */
const forFirst = new WeakMap<Cloud, { hash: string; expiresAt: number }>();

/** Where nobody is an administrator, the code by which the first one enters; what was made before is worth nothing. */
export async function firstAdministratorCode(cloud: Cloud): Promise<AccessCode | undefined> {
  const now = cloud.clock.now();
  const isOne = ({ scope, apps, expiresAt = now + 1 }: Token) =>
    scopeAllows(scope, 'admin') && apps === undefined && expiresAt > now;
  if ((await tokens(cloud, systemPrincipal)).some(isOne)) return undefined;
  const code = newCode();
  const expiresAt = now + codeLivesMs;
  forFirst.set(cloud, { hash: digest(code), expiresAt });
  return { code, ...firstAdministrator, expiresAt };
}

const firstAdministrator = { name: 'first administrator', scope: 'admin' } as const;

/** Takes the code, whatever comes of it, and makes the token. `unauthorized` says the same for every reason. */
export async function redeemCode(cloud: Cloud, code: string): Promise<Redeemed> {
  const first = forFirst.get(cloud);
  if (first?.hash === digest(code)) {
    forFirst.delete(cloud);
    if (first.expiresAt <= cloud.clock.now()) throw noSuchCode();
    const made = await createToken(cloud, systemPrincipal, firstAdministrator);
    return { ...made, installation: cloud.installation };
  }
  const found = codePattern.test(code) ? await takeCode(cloud.db, digest(code)) : undefined;
  const maker = found && (await tokenById(cloud, found.maker));
  if (!found || found.expiresAt <= cloud.clock.now() || !maker || !(await tokenAlive(cloud, maker.id)))
    throw noSuchCode();
  // Who may make tokens anyway makes one that stands on its own; for all others it is a copy that goes with theirs.
  const parent = scopeAllows(maker.scope, 'admin') ? undefined : maker.id;
  const made = await createToken(cloud, principalOf(maker), found.token, parent);
  return { ...made, installation: cloud.installation };
}

function newCode(): string {
  return `mc_code_${randomBytes(32).toString('base64url')}`;
}

function noSuchCode(): ProblemError {
  return new ProblemError({
    code: 'unauthorized',
    what: 'The code was not accepted',
    object: 'code',
    why: 'It is unknown, was used already, is older than five minutes, or the token that made it is gone.',
    still: 'Nothing was changed.',
    remedy:
      'Make a new one with `minicloud login --code`; a server without an administrator prints one when it starts.',
  });
}

function tooManyOpen(maker: Token): ProblemError {
  return new ProblemError({
    code: 'rate_limited',
    what: 'The code was not made',
    object: `token ${maker.name}`,
    why: `${mostOpen} codes of this token are open already.`,
    still: 'Nothing was changed.',
    remedy: 'Redeem one of them, or wait five minutes.',
  });
}

function digest(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}
