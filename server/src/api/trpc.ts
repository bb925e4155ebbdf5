/** tRPC set up once: every procedure has a scope (deny by default), every error is a `Problem`. */
import { getTRPCErrorFromUnknown, initTRPC, TRPCError } from '@trpc/server';
import { type Scope, scopeAllows, scopes, type Token } from 'minicloud-shared/model/access';
import { type ProblemCode, ProblemError } from 'minicloud-shared/model/problem';
import type { Cloud, Principal } from '../context.ts';
import type { Denials } from './denials.ts';
import type { Once } from './once.ts';
import { asProblem, asVeiled } from './problems.ts';

export interface Context {
  cloud: Cloud;
  /** Undefined when no valid token came with the request. */
  principal: Principal | undefined;
  token: Token | undefined;
  /** Ends when the client goes away. */
  signal: AbortSignal;
  denials: Denials;
  once: Once;
  /** Where the request comes from. */
  address: string;
  /** Counts one attempt to prove something without a token; throws `rate_limited` when too many came from there. */
  attempt(): Promise<void>;
}

export interface Meta {
  /** Smallest scope that may call it; `open` is for what proves who asks by itself. None can't be made, see `procedure`. */
  scope: Scope | 'open';
  /** Method and path of the REST face. */
  rest: `${'GET' | 'POST' | 'DELETE'} /${string}`;
  /** Field of the input that names an app, checked before anything else; `none` when there is no such field. */
  app: 'app' | 'name' | 'none';
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    isDev: false,
    sse: { ping: { enabled: true, intervalMs: 15_000 }, client: { reconnectAfterInactivityMs: 45_000 } },
    errorFormatter: ({ shape, error }) => {
      const problem = asProblem(error);
      const { code, httpStatus, path } = shape.data;
      return { ...shape, message: problem.what, data: { code, httpStatus, path, problem } };
    },
  });

export const router = t.router;

/**
 * A procedure that anybody may call, as what it is given is the proof: a one-time code. Few of them may come from one
 * address, whatever comes of them.
 */
export function openProcedure(meta: Meta & { scope: 'open' }) {
  return t.procedure.meta(meta).use(async ({ ctx, next }) => {
    await ctx.attempt().catch((error: unknown) => {
      throw asTrpcError(getTRPCErrorFromUnknown(error));
    });
    const result = await next();
    if (result.ok) return result;
    const problem = asProblem(result.error);
    if (problem.code === 'unauthorized')
      await ctx.denials.record(`unknown from ${ctx.address}`, 'a code that is not valid');
    throw asTrpcError(result.error);
  });
}

/** A procedure of that scope. Besides `openProcedure` there is no way to make one: nothing is open by omission. */
export function procedure(meta: Meta & { scope: Scope }) {
  if (!scopes.includes(meta.scope)) throw new TypeError(`${meta.rest} has no scope`);
  return t.procedure.meta(meta).use(async ({ ctx, next, getRawInput, path }) => {
    const { principal, token } = ctx;
    if (!principal || !token)
      throw refused(
        'unauthorized',
        path,
        'No valid token came with the request.',
        'Use a token of this server; see `minicloud login`.',
      );
    await requireScope({ principal, denials: ctx.denials }, meta.scope, path);
    // Whether the app exists is not looked up: to a limited token, others' apps and no apps are the same.
    const app = meta.app === 'none' || principal.apps === undefined ? undefined : field(await getRawInput(), meta.app);
    if (typeof app === 'string' && !covers(principal, app)) {
      await ctx.denials.record(principal.name, path);
      throw refused(
        'forbidden',
        path,
        `The token ${principal.name} is limited to other apps.`,
        'Use a token that covers this app.',
      );
    }
    const result = await next({ ctx: { ...ctx, principal, token } });
    if (!result.ok) throw asTrpcError(result.error, principal);
    return result;
  });
}

/** Throws `forbidden` unless the principal's scope is enough. For procedures that take more for some objects than for others. */
export async function requireScope(
  { principal, denials }: { principal: Principal; denials: Denials },
  scope: Scope,
  object: string,
): Promise<void> {
  if (scopeAllows(principal.scope, scope)) return;
  await denials.record(principal.name, object);
  throw refused(
    'forbidden',
    object,
    `The token ${principal.name} may ${principal.scope}; this needs ${scope}.`,
    `Use a token with the scope ${scope}.`,
  );
}

/** True when the principal may see the app. */
export function covers(principal: Principal, app: string): boolean {
  return principal.apps === undefined || principal.apps.includes(app);
}

/** Throws `forbidden` unless the principal covers the app. For apps that are named inside a manifest. */
export function requireCover(principal: Principal, app: string, object: string): void {
  if (covers(principal, app)) return;
  throw new ProblemError({
    code: 'forbidden',
    what: 'This was refused',
    object,
    why: `The token ${principal.name} is limited to other apps.`,
    still: 'Nothing was changed.',
    remedy: 'Use a token that covers this app.',
  });
}

function field(input: unknown, name: string): unknown {
  return typeof input === 'object' && input !== null && Object.hasOwn(input, name)
    ? (input as Record<string, unknown>)[name]
    : undefined;
}

function refused(code: 'unauthorized' | 'forbidden', path: string, why: string, remedy: string): TRPCError {
  const problem = { code, what: 'This was refused', object: path, why, still: 'Nothing was changed.', remedy };
  return new TRPCError({ code: trpcCodes[code], message: problem.what, cause: new ProblemError(problem) });
}

const trpcCodes = {
  unauthorized: 'UNAUTHORIZED',
  forbidden: 'FORBIDDEN',
  not_found: 'NOT_FOUND',
  conflict: 'CONFLICT',
  plan_changed: 'CONFLICT',
  invalid_input: 'BAD_REQUEST',
  manifest_invalid: 'UNPROCESSABLE_CONTENT',
  not_available: 'UNPROCESSABLE_CONTENT',
  rate_limited: 'TOO_MANY_REQUESTS',
  cancelled: 'CLIENT_CLOSED_REQUEST',
  timeout: 'TIMEOUT',
  busy: 'CONFLICT',
  internal: 'INTERNAL_SERVER_ERROR',
} as const satisfies Partial<Record<ProblemCode, TRPCError['code']>>;

function asTrpcError(error: TRPCError, principal?: Principal): TRPCError {
  const veiled = principal ? asVeiled(error, principal) : error;
  const problem = asProblem(veiled);
  const codes: Partial<Record<ProblemCode, TRPCError['code']>> = trpcCodes;
  const origin = veiled.cause ?? veiled;
  // What an error of others was found to mean is told once: by its new code it would be taken for a bad request.
  const told = problem.code === 'internal' || origin instanceof ProblemError;
  return new TRPCError({
    code: codes[problem.code] ?? 'UNPROCESSABLE_CONTENT',
    message: problem.what,
    cause: told ? origin : new ProblemError(problem, { cause: origin }),
  });
}
