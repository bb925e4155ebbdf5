/** Every procedure of the API, thin: input, scope, use case. `AppRouter` is all that clients know of the server. */
import { tracked } from '@trpc/server';
import { type Scope, scopeSchema } from 'minicloud-shared/model/access';
import { appNameSchema } from 'minicloud-shared/model/app';
import type { Event } from 'minicloud-shared/model/event';
import type { Operation } from 'minicloud-shared/model/operation';
import type { SystemStatus } from 'minicloud-shared/model/system';
import { z } from 'zod';
import { createToken, revoke, tokens } from '../access/access.ts';
import { createCode, redeemCode } from '../access/codes.ts';
import { requireApp } from '../apps/apps.ts';
import type { Cloud, Principal } from '../context.ts';
import { compareReleases } from '../deploy/compare.ts';
import { deleteApp } from '../deploy/delete.ts';
import { createPlan, startDeploy } from '../deploy/deploy.ts';
import { factsForEditors } from '../deploy/facts.ts';
import { planRollback, startRollback } from '../deploy/rollback.ts';
import { followLogs, tailLogs } from '../logs/logs.ts';
import { appDetail } from '../overview/detail.ts';
import { appSummaries } from '../overview/overview.ts';
import { noSuchOperation } from '../platform/operations.ts';
import { proposalApplied } from '../proposals/proposals.ts';
import { release, releases } from '../releases/releases.ts';
import { systemInfo, systemStatus } from '../system/system.ts';
import { deletedApps, restoreApp } from '../trash/trash.ts';
import { configRouter, keysRouter } from './config.ts';
import { appInput, idempotencyKey, imageInput, manifestInput } from './inputs.ts';
import { forwardsRouter, metricsRouter, proposalsRouter, terminalsRouter } from './live.ts';
import { veiledDiagnostics } from './problems.ts';
import { whilePermitted } from './streams.ts';
import { covers, openProcedure, procedure, requireCover, requireScope, router } from './trpc.ts';

const nothing = z.strictObject({}).optional();
const name = z.strictObject({ name: appNameSchema });
const toDeploy = z.strictObject({
  ...manifestInput,
  manifest: manifestInput.manifest.optional(),
  app: appNameSchema.optional(),
  image: imageInput.optional(),
});
const version = z.number().int().min(1);
const planHash = z.string().length(64).optional();
const logInput = z.strictObject({
  app: appNameSchema,
  lines: z.number().int().min(0).max(10_000).default(100),
  process: z.string().max(40).optional(),
});

const system = router({
  info: procedure({ scope: 'read', rest: 'GET /system', app: 'none' })
    .input(nothing)
    .query(({ ctx }) => systemInfo(ctx.cloud)),
  status: procedure({ scope: 'read', rest: 'GET /system/status', app: 'none' })
    .input(nothing)
    .query(({ ctx }) => visibleStatus(ctx.cloud, ctx.principal)),
  facts: procedure({ scope: 'read', rest: 'GET /system/facts', app: 'app' })
    .input(z.strictObject({ app: appNameSchema.optional() }).optional())
    .query(async ({ ctx }) => {
      const facts = await factsForEditors(ctx.cloud);
      if (ctx.principal.apps === undefined) return facts;
      // Somebody limited to some apps learns nothing of the others; what is left out is not complete.
      return {
        ...facts,
        complete: false,
        apps: facts.apps.filter((known) => covers(ctx.principal, known)),
        images: [],
        domains: facts.domains.filter((domain) => covers(ctx.principal, domain.app)),
        secrets: coveredKeys(ctx.principal, facts.secrets),
        config: coveredKeys(ctx.principal, facts.config ?? {}),
      };
    }),
  rootCertificate: procedure({ scope: 'read', rest: 'GET /system/root-certificate', app: 'none' })
    .input(nothing)
    .query(async ({ ctx }) => ({
      pem: await ctx.cloud.authority.rootPem(),
    })),
});

const apps = router({
  list: procedure({ scope: 'read', rest: 'GET /apps', app: 'none' })
    .input(nothing)
    .query(({ ctx }) => appSummaries(ctx.cloud, (known) => covers(ctx.principal, known))),
  get: procedure({ scope: 'read', rest: 'GET /apps/{name}', app: 'name' })
    .input(name)
    .query(({ ctx, input }) => appDetail(ctx.cloud, input.name)),
  delete: procedure({ scope: 'manage', rest: 'DELETE /apps/{name}', app: 'name' })
    .input(z.strictObject({ name: appNameSchema, confirm: z.string().max(100), idempotencyKey }))
    .mutation(({ ctx, input: { idempotencyKey: key, ...payload } }) =>
      ctx.once({ tokenId: ctx.token.id, path: 'apps.delete', key, payload }, () =>
        deleteApp(ctx.cloud, ctx.principal, { ...payload, idempotencyKey: key }),
      ),
    ),
  deleted: procedure({ scope: 'read', rest: 'GET /deleted-apps', app: 'none' })
    .input(nothing)
    .query(({ ctx }) => deletedApps(ctx.cloud, ctx.principal)),
  restore: procedure({ scope: 'manage', rest: 'POST /deleted-apps/{name}/restore', app: 'name' })
    .input(z.strictObject({ name: appNameSchema, id: z.string().min(1).max(40).optional() }))
    .mutation(({ ctx, input }) => restoreApp(ctx.cloud, ctx.principal, input)),
});

const plans = router({
  create: procedure({ scope: 'deploy', rest: 'POST /plans', app: 'app' })
    // `offline`: asks no registry and fetches no image; for comparing, not for deploying.
    .input(toDeploy.extend({ offline: z.boolean().optional() }))
    .mutation(async ({ ctx, input }) => {
      const allow = allows(ctx.principal, input);
      const result = await createPlan(ctx.cloud, ctx.principal, { ...input, allow }, ctx.signal);
      return { ...result, diagnostics: veiledDiagnostics(result.diagnostics, ctx.principal) };
    }),
});

const deploys = router({
  start: procedure({ scope: 'deploy', rest: 'POST /deploys', app: 'app' })
    .input(toDeploy.extend({ planHash, idempotencyKey }))
    .mutation(({ ctx, input: { idempotencyKey: key, ...payload } }) =>
      ctx.once({ tokenId: ctx.token.id, path: 'deploys.start', key, payload }, async () => {
        const started = await startDeploy(
          ctx.cloud,
          ctx.principal,
          { ...payload, idempotencyKey: key, allow: allows(ctx.principal, payload) },
          // Others may wait for the same answer: with a key, one of them going away does not end it.
          key === undefined ? ctx.signal : ctx.cloud.stopping,
        );
        if (payload.planHash !== undefined)
          await proposalApplied(ctx.cloud, ctx.principal, started.app, payload.planHash);
        return started;
      }),
    ),
});

const releasesRouter = router({
  list: procedure({ scope: 'read', rest: 'GET /apps/{app}/releases', app: 'app' })
    .input(appInput)
    .query(({ ctx, input }) => releases(ctx.cloud, input.app)),
  get: procedure({ scope: 'read', rest: 'GET /apps/{app}/releases/{version}', app: 'app' })
    .input(z.strictObject({ app: appNameSchema, version }))
    .query(({ ctx, input }) => release(ctx.cloud, input.app, input.version)),
  compare: procedure({ scope: 'read', rest: 'GET /apps/{app}/release-comparison', app: 'app' })
    .input(z.strictObject({ app: appNameSchema, from: version.optional(), to: version.optional() }))
    .query(({ ctx, input }) => compareReleases(ctx.cloud, input)),
  planRollback: procedure({ scope: 'deploy', rest: 'POST /apps/{app}/rollback/plan', app: 'app' })
    .input(z.strictObject({ app: appNameSchema, version: version.optional() }))
    .mutation(({ ctx, input }) => planRollback(ctx.cloud, input)),
  rollback: procedure({ scope: 'deploy', rest: 'POST /apps/{app}/rollback', app: 'app' })
    .input(z.strictObject({ app: appNameSchema, version: version.optional(), planHash, idempotencyKey }))
    .mutation(({ ctx, input: { idempotencyKey: key, ...payload } }) =>
      ctx.once({ tokenId: ctx.token.id, path: 'releases.rollback', key, payload }, () =>
        startRollback(ctx.cloud, ctx.principal, { ...payload, idempotencyKey: key }),
      ),
    ),
});

const operationId = z.strictObject({ id: z.string().min(1).max(40) });
const listed = 100;
/** Cancelling takes what starting took; a repair nobody starts. */
const cancelTakes: Record<Operation['kind'], Scope> = {
  deploy: 'deploy',
  rollback: 'deploy',
  converge: 'deploy',
  delete: 'manage',
};

const operations = router({
  list: procedure({ scope: 'read', rest: 'GET /operations', app: 'app' })
    .input(z.strictObject({ app: appNameSchema.optional() }).optional())
    .query(async ({ ctx, input }) => {
      const names = input?.app === undefined ? ctx.principal.apps : [input.app];
      if (names === undefined) return ctx.cloud.operations.list(undefined, listed);
      const each = await Promise.all(names.map((known) => ctx.cloud.operations.list(known, listed)));
      return each
        .flat()
        .sort((a, b) => b.createdAt - a.createdAt)
        .slice(0, listed);
    }),
  get: procedure({ scope: 'read', rest: 'GET /operations/{id}', app: 'none' })
    .input(operationId)
    .query(async ({ ctx, input }) => {
      const operation = await ctx.cloud.operations.get(input.id);
      if (operation && covers(ctx.principal, operation.app)) return operation;
      throw noSuchOperation(input.id);
    }),
  cancel: procedure({ scope: 'deploy', rest: 'POST /operations/{id}/cancel', app: 'none' })
    .input(operationId)
    .mutation(async ({ ctx, input }) => {
      const operation = await ctx.cloud.operations.get(input.id);
      if (!operation || !covers(ctx.principal, operation.app)) throw noSuchOperation(input.id);
      await requireScope(ctx, cancelTakes[operation.kind], `the ${operation.kind} of ${operation.app}`);
      // False: it goes on to its end, or has come to it.
      return { id: input.id, cancelling: await ctx.cloud.operations.cancel(input.id) };
    }),
});

const events = router({
  subscribe: procedure({ scope: 'read', rest: 'GET /events', app: 'app' })
    .input(
      z
        .strictObject({ app: appNameSchema.optional(), lastEventId: z.coerce.number().int().min(0).nullish() })
        .optional(),
    )
    .subscription(async function* ({ ctx, input, signal }) {
      const lastId = input?.lastEventId ?? undefined;
      const follow = (until: AbortSignal) =>
        ctx.cloud.events.follow({ ...(lastId === undefined ? {} : { lastId }), signal: until });
      for await (const event of whilePermitted(ctx, signal, follow)) {
        if (!visible(ctx.principal, event)) continue;
        if (input?.app !== undefined && event.app !== input.app) continue;
        yield tracked(String(event.id), event);
      }
    }),
});

const logs = router({
  tail: procedure({ scope: 'read', rest: 'GET /apps/{app}/logs', app: 'app' })
    .input(logInput)
    .query(async ({ ctx, input }) => tailLogs(ctx.cloud, await requireApp(ctx.cloud, input.app), input)),
  follow: procedure({ scope: 'read', rest: 'GET /apps/{app}/logs/follow', app: 'app' })
    .input(logInput)
    .subscription(async function* ({ ctx, input, signal }) {
      const found = await requireApp(ctx.cloud, input.app);
      yield* whilePermitted(ctx, signal, (until) => followLogs(ctx.cloud, found, { ...input, signal: until }));
    }),
});

const tokenName = z
  .string()
  .min(1)
  .max(60)
  .regex(/^[\w .@-]+$/, 'letters, digits, space and . _ @ - only')
  // In the event log these stand for somebody else.
  .refine((wanted) => !/^(system$|local administrator$|unknown\b)/i.test(wanted), 'this name is taken');
const tokenInput = z.strictObject({
  name: tokenName,
  scope: scopeSchema,
  apps: z.array(appNameSchema).max(1000).optional(),
  expiresAt: z.number().int().optional(),
});

const tokensRouter = router({
  list: procedure({ scope: 'admin', rest: 'GET /tokens', app: 'none' })
    .input(nothing)
    .query(({ ctx }) => tokens(ctx.cloud, ctx.principal)),
  create: procedure({ scope: 'admin', rest: 'POST /tokens', app: 'none' })
    .input(tokenInput)
    .mutation(({ ctx, input }) => createToken(ctx.cloud, ctx.principal, input)),
  revoke: procedure({ scope: 'admin', rest: 'DELETE /tokens/{id}', app: 'none' })
    .input(operationId)
    .mutation(({ ctx, input }) => revoke(ctx.cloud, ctx.principal, input.id)),
});

const access = router({
  createCode: procedure({ scope: 'read', rest: 'POST /access/codes', app: 'none' })
    .input(tokenInput.partial({ scope: true }))
    .mutation(({ ctx, input }) => createCode(ctx.cloud, ctx.principal, ctx.token, input)),
  redeemCode: openProcedure({ scope: 'open', rest: 'POST /access/redeem', app: 'none' })
    .input(z.strictObject({ code: z.string().max(100) }))
    .mutation(({ ctx, input }) => redeemCode(ctx.cloud, input.code)),
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
  terminals: terminalsRouter,
  forwards: forwardsRouter,
  metrics: metricsRouter,
  proposals: proposalsRouter,
  config: configRouter,
  keys: keysRouter,
  tokens: tokensRouter,
  access,
});
export type AppRouter = typeof appRouter;

function coveredKeys<T>(principal: Principal, byApp: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(byApp).filter(([app]) => covers(principal, app)));
}

/** Events of others' apps, and who was refused where, are not for everybody. */
function visible(principal: Principal, event: Event): boolean {
  if (event.app !== undefined) return covers(principal, event.app);
  if (event.body.kind !== 'access.denied' && event.body.kind !== 'access.changed') return true;
  return principal.scope === 'admin' && principal.apps === undefined;
}

/** Counts and details speak of every app; somebody limited to some learns only whether the parts are well. */
async function visibleStatus(cloud: Cloud, principal: Principal): Promise<SystemStatus> {
  const status = await systemStatus(cloud);
  if (principal.apps === undefined) return status;
  return {
    ...status,
    components: status.components.map((component) => ({ ...component, detail: component.state })),
    apps: (await appSummaries(cloud, (known) => covers(principal, known))).length,
  };
}

/** Refuses apps that are named inside a manifest. A name that stands in an image alone is not told. */
function allows(principal: Principal, input: { manifest?: string | undefined }): (app: string) => void {
  return (found) =>
    requireCover(principal, found, input.manifest === undefined ? 'manifest in the image' : `app ${found}`);
}
