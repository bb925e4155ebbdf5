/** tRPC set up once: every procedure has a scope (deny by default), every error is a `Problem`. */
import { initTRPC, TRPCError } from '@trpc/server';
import { type Scope, scopeAllows } from 'minicloud-shared/model/access';
import { type Problem, type ProblemCode, ProblemError, toProblem } from 'minicloud-shared/model/problem';
import { z } from 'zod';
import type { Cloud, Principal } from '../context.ts';

export interface Context {
  cloud: Cloud;
  /** Undefined when no valid token came with the request. */
  principal: Principal | undefined;
  tokenId: string | undefined;
  signal: AbortSignal;
}

export interface Meta {
  /** Smallest scope that may call it. A procedure without one can't be made, see `procedure`. */
  scope: Scope;
  /** Method and path of the REST face. */
  rest: `${'GET' | 'POST' | 'DELETE'} /${string}`;
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    isDev: false,
    sse: { ping: { enabled: true, intervalMs: 15_000 }, client: { reconnectAfterInactivityMs: 45_000 } },
    errorFormatter: ({ shape, error }) => ({
      ...shape,
      message: asProblem(error).what,
      data: {
        code: shape.data.code,
        httpStatus: shape.data.httpStatus,
        path: shape.data.path,
        problem: asProblem(error),
      },
    }),
  });

export const router = t.router;

/** A procedure of that scope. There is no other way to make one: nothing is open by omission. */
export function procedure(meta: Meta) {
  return t.procedure.meta(meta).use(async ({ ctx, next, getRawInput, path }) => {
    const { principal, cloud } = ctx;
    if (!principal)
      throw refused(
        'unauthorized',
        path,
        'No valid token came with the request.',
        'Use a token of this server; see `minicloud login`.',
      );
    if (!scopeAllows(principal.scope, meta.scope)) {
      await denied(cloud, principal, path);
      throw refused(
        'forbidden',
        path,
        `The token ${principal.name} may ${principal.scope}; this needs ${meta.scope}.`,
        `Use a token with the scope ${meta.scope}.`,
      );
    }
    const app = principal.apps === undefined ? undefined : namedApp(await getRawInput());
    if (app !== undefined && !principal.apps?.includes(app)) {
      await denied(cloud, principal, path);
      throw refused(
        'forbidden',
        path,
        `The token ${principal.name} is limited to other apps.`,
        'Use a token that covers this app.',
      );
    }
    const result = await next({ ctx: { ...ctx, principal } });
    if (!result.ok) throw asTrpcError(result.error);
    return result;
  });
}

/** True when the principal may see the app. */
export function covers(principal: Principal, app: string): boolean {
  return principal.apps === undefined || principal.apps.includes(app);
}

/** Throws `forbidden` unless the principal covers the app. For apps that are named inside a manifest. */
export function requireCover(principal: Principal, app: string | undefined): void {
  if (principal.apps === undefined || (app !== undefined && principal.apps.includes(app))) return;
  throw new ProblemError({
    code: 'forbidden',
    what: 'This was refused',
    object: app === undefined ? 'request' : `app ${app}`,
    why: `The token ${principal.name} is limited to other apps.`,
    remedy: 'Use a token that covers this app.',
  });
}

/** The app that an input speaks of, wherever procedures name it. */
function namedApp(input: unknown): string | undefined {
  const parsed = z.object({ app: z.string().optional(), name: z.string().optional() }).safeParse(input);
  return parsed.success ? (parsed.data.app ?? parsed.data.name) : undefined;
}

async function denied(cloud: Cloud, principal: Principal, path: string): Promise<void> {
  await cloud.events.append({ by: principal.name, body: { kind: 'access.denied', what: path } });
}

function refused(code: 'unauthorized' | 'forbidden', path: string, why: string, remedy: string): ProblemError {
  return new ProblemError({ code, what: 'This was refused', object: path, why, still: 'Nothing was changed.', remedy });
}

const trpcCodes: Partial<Record<ProblemCode, TRPCError['code']>> = {
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
};

function asTrpcError(error: TRPCError): TRPCError {
  const problem = asProblem(error);
  return new TRPCError({
    code: trpcCodes[problem.code] ?? 'UNPROCESSABLE_CONTENT',
    message: problem.what,
    cause: error.cause ?? error,
  });
}

/** Any error that leaves a procedure, as a problem: bad input field by field, ours as it is, the rest as `internal`. */
export function asProblem(error: TRPCError): Problem {
  const cause = error.cause;
  if (cause instanceof ProblemError) return cause.problem;
  if (cause instanceof TRPCError) return asProblem(cause);
  if (cause instanceof z.ZodError) {
    const evidence = cause.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
    return {
      code: 'invalid_input',
      what: 'The request is not valid',
      object: evidence[0]?.split(':')[0] ?? 'input',
      why: evidence.join('; '),
      still: 'Nothing was changed.',
      remedy: 'Correct what is named and try again.',
      evidence: [],
    };
  }
  if (
    error.code === 'BAD_REQUEST' ||
    error.code === 'PARSE_ERROR' ||
    error.code === 'NOT_FOUND' ||
    error.code === 'METHOD_NOT_SUPPORTED'
  ) {
    return {
      code: error.code === 'NOT_FOUND' ? 'not_found' : 'invalid_input',
      what: 'The request is not valid',
      object: 'request',
      why: error.message,
      still: 'Nothing was changed.',
      remedy: 'Update the client: it may be older or newer than this server.',
      evidence: [],
    };
  }
  return toProblem(cause ?? error);
}
