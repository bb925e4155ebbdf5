/** Every procedure of the API, thin: input, scope, use case. `AppRouter` is all that clients know of the server. */
import { tracked } from '@trpc/server';
import { scopeSchema } from 'minicloud-shared/model/access';
import { appNameSchema } from 'minicloud-shared/model/app';
import { ProblemError } from 'minicloud-shared/model/problem';
import { z } from 'zod';
import { createToken, onRevoked, revoke, tokens } from '../access/access.ts';
import { requireApp } from '../apps/apps.ts';
import { deleteApp } from '../deploy/delete.ts';
import { createPlan, startDeploy, startRollback } from '../deploy/deploy.ts';
import { serverFacts } from '../deploy/facts.ts';
import { appDetail, appSummaries } from '../overview/overview.ts';
import { followLogs, tailLogs } from '../processes/processes.ts';
import { release, releases } from '../releases/releases.ts';
import { systemInfo, systemStatus } from '../system/system.ts';
import { covers, procedure, requireCover, router } from './trpc.ts';

const app = z.object({ app: appNameSchema });
const name = z.object({ name: appNameSchema });
const manifestMaxChars = 256 * 1024;
const reference = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/, 'not an image reference');
const toDeploy = z.strictObject({
  manifest: z.string().max(manifestMaxChars).optional(),
  fileName: z.string().max(200).optional(),
  app: appNameSchema.optional(),
  image: reference.optional(),
});
const idempotencyKey = z.string().min(8).max(100).optional();
const version = z.number().int().min(1);
const logInput = z.strictObject({
  app: appNameSchema,
  lines: z.number().int().min(0).max(10_000).default(100),
  process: z.string().max(40).optional(),
});

const system = router({
  info: procedure({ scope: 'read', rest: 'GET /system' }).query(({ ctx }) => systemInfo(ctx.cloud)),
  status: procedure({ scope: 'read', rest: 'GET /system/status' }).query(({ ctx }) => systemStatus(ctx.cloud)),
  facts: procedure({ scope: 'read', rest: 'GET /system/facts' })
    .input(z.strictObject({ app: appNameSchema.optional() }).optional())
    .query(async ({ ctx }) => {
      const facts = await serverFacts(ctx.cloud);
      if (ctx.principal.apps === undefined) return facts;
      // Somebody limited to some apps learns nothing of the others; what is left out is not complete.
      return {
        ...facts,
        complete: false,
        apps: facts.apps.filter((known) => covers(ctx.principal, known)),
        domains: facts.domains.filter((domain) => covers(ctx.principal, domain.app)),
      };
    }),
  rootCertificate: procedure({ scope: 'read', rest: 'GET /system/root-certificate' }).query(async ({ ctx }) => ({
    pem: await ctx.cloud.authority.rootPem(),
  })),
});

const apps = router({
  list: procedure({ scope: 'read', rest: 'GET /apps' }).query(({ ctx }) =>
    appSummaries(ctx.cloud, (known) => covers(ctx.principal, known)),
  ),
  get: procedure({ scope: 'read', rest: 'GET /apps/{name}' })
    .input(name)
    .query(({ ctx, input }) => appDetail(ctx.cloud, input.name)),
  delete: procedure({ scope: 'manage', rest: 'DELETE /apps/{name}' })
    .input(z.strictObject({ name: appNameSchema, confirm: z.string().max(100) }))
    .mutation(({ ctx, input }) => deleteApp(ctx.cloud, ctx.principal, input)),
});

const plans = router({
  create: procedure({ scope: 'deploy', rest: 'POST /plans' })
    .input(toDeploy)
    .mutation(async ({ ctx, input }) => {
      const result = await createPlan(
        ctx.cloud,
        { ...input, allow: (found) => requireCover(ctx.principal, found) },
        ctx.signal,
      );
      return result;
    }),
});

const deploys = router({
  start: procedure({ scope: 'deploy', rest: 'POST /deploys' })
    .input(toDeploy.extend({ planHash: z.string().length(64).optional(), idempotencyKey }))
    .mutation(({ ctx, input }) =>
      startDeploy(
        ctx.cloud,
        ctx.principal,
        { ...input, allow: (found) => requireCover(ctx.principal, found) },
        ctx.signal,
      ),
    ),
});

const releasesRouter = router({
  list: procedure({ scope: 'read', rest: 'GET /apps/{app}/releases' })
    .input(app)
    .query(({ ctx, input }) => releases(ctx.cloud, input.app)),
  get: procedure({ scope: 'read', rest: 'GET /apps/{app}/releases/{version}' })
    .input(z.strictObject({ app: appNameSchema, version }))
    .query(({ ctx, input }) => release(ctx.cloud, input.app, input.version)),
  rollback: procedure({ scope: 'deploy', rest: 'POST /apps/{app}/rollback' })
    .input(z.strictObject({ app: appNameSchema, version: version.optional(), idempotencyKey }))
    .mutation(({ ctx, input }) => startRollback(ctx.cloud, ctx.principal, input)),
});

const operationId = z.strictObject({ id: z.string().min(1).max(40) });
const listed = 100;

const operations = router({
  list: procedure({ scope: 'read', rest: 'GET /operations' })
    .input(z.strictObject({ app: appNameSchema.optional() }).optional())
    .query(async ({ ctx, input }) =>
      (await ctx.cloud.operations.list(input?.app, listed)).filter((operation) => covers(ctx.principal, operation.app)),
    ),
  get: procedure({ scope: 'read', rest: 'GET /operations/{id}' })
    .input(operationId)
    .query(async ({ ctx, input }) => {
      const operation = await ctx.cloud.operations.get(input.id);
      if (operation && covers(ctx.principal, operation.app)) return operation;
      throw noOperation(input.id);
    }),
  cancel: procedure({ scope: 'deploy', rest: 'POST /operations/{id}/cancel' })
    .input(operationId)
    .mutation(async ({ ctx, input }) => {
      const operation = await ctx.cloud.operations.get(input.id);
      if (!operation || !covers(ctx.principal, operation.app)) throw noOperation(input.id);
      await ctx.cloud.operations.cancel(input.id);
      return { id: input.id };
    }),
});

const events = router({
  subscribe: procedure({ scope: 'read', rest: 'GET /events' })
    .input(
      z
        .strictObject({ app: appNameSchema.optional(), lastEventId: z.coerce.number().int().min(0).nullish() })
        .optional(),
    )
    .subscription(async function* ({ ctx, input, signal }) {
      const ended = untilRevoked(ctx.tokenId, signal);
      const lastId = input?.lastEventId ?? undefined;
      for await (const event of ctx.cloud.events.follow({
        ...(lastId === undefined ? {} : { lastId }),
        signal: ended,
      })) {
        if (event.app !== undefined && !covers(ctx.principal, event.app)) continue;
        if (event.app === undefined && ctx.principal.scope !== 'admin' && event.body.kind === 'access.denied') continue;
        if (input?.app !== undefined && event.app !== input.app) continue;
        yield tracked(String(event.id), event);
      }
    }),
});

const logs = router({
  tail: procedure({ scope: 'read', rest: 'GET /apps/{app}/logs' })
    .input(logInput)
    .query(async ({ ctx, input }) => tailLogs(ctx.cloud, await requireApp(ctx.cloud, input.app), input)),
  follow: procedure({ scope: 'read', rest: 'GET /apps/{app}/logs/follow' })
    .input(logInput)
    .subscription(async function* ({ ctx, input, signal }) {
      const found = await requireApp(ctx.cloud, input.app);
      yield* followLogs(ctx.cloud, found, { ...input, signal: untilRevoked(ctx.tokenId, signal) });
    }),
});

const tokensRouter = router({
  list: procedure({ scope: 'admin', rest: 'GET /tokens' }).query(({ ctx }) => tokens(ctx.cloud)),
  create: procedure({ scope: 'admin', rest: 'POST /tokens' })
    .input(
      z.strictObject({
        name: z
          .string()
          .min(1)
          .max(60)
          .regex(/^[\w .@-]+$/, 'letters, digits, space and . _ @ - only'),
        scope: scopeSchema,
        apps: z.array(appNameSchema).max(1000).optional(),
        expiresAt: z.number().int().optional(),
      }),
    )
    .mutation(({ ctx, input }) => createToken(ctx.cloud, ctx.principal, input)),
  revoke: procedure({ scope: 'admin', rest: 'DELETE /tokens/{id}' })
    .input(operationId)
    .mutation(({ ctx, input }) => revoke(ctx.cloud, input.id)),
});

export const appRouter = router({
  system,
  apps,
  plans,
  deploys,
  releases: releasesRouter,
  operations,
  events,
  logs,
  tokens: tokensRouter,
});
export type AppRouter = typeof appRouter;

/** A signal that also ends when the token is revoked, so that an open stream does not outlive its permission. */
function untilRevoked(tokenId: string | undefined, signal: AbortSignal | undefined): AbortSignal {
  const revoked = new AbortController();
  const off = onRevoked((id) => {
    if (id === tokenId) revoked.abort();
  });
  signal?.addEventListener('abort', off, { once: true });
  return signal ? AbortSignal.any([signal, revoked.signal]) : revoked.signal;
}

function noOperation(id: string): ProblemError {
  return new ProblemError({
    code: 'not_found',
    what: 'There is no such operation',
    object: `operation ${id}`,
    why: 'Its id is unknown on this server.',
    remedy: 'List the operations to find the right one.',
  });
}
