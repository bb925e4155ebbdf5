/** Procedures for what somebody is at: terminals, forwards, metrics; and proposals, which wait for somebody. */
import { appNameSchema } from 'minicloud-shared/model/app';
import { type ForwardTarget, forwardTargetSchema } from 'minicloud-shared/model/forward';
import { metricsKeptMs } from 'minicloud-shared/model/metrics';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { Ticket } from 'minicloud-shared/model/socket';
import { type TerminalTicket, terminalSizeSchema } from 'minicloud-shared/model/terminal';
import { z } from 'zod';
import { requireApp } from '../apps/apps.ts';
import { createPlan } from '../deploy/deploy.ts';
import { forwardCredentials, forwardTargets, prepareForward } from '../forwards/forwards.ts';
import { appMetrics } from '../metrics/metrics.ts';
import { discardProposal, keepProposal, proposal, proposals } from '../proposals/proposals.ts';
import { prepareTerminal } from '../terminals/terminals.ts';
import { appInput as app, imageInput, manifestInput } from './inputs.ts';
import { veiledDiagnostics } from './problems.ts';
import { issueTicket } from './tickets.ts';
import { covers, procedure, requireCover, router } from './trpc.ts';

const processName = z.string().min(1).max(63);
const replica = z.number().int().min(1).max(1000).optional();
const port = z.number().int().min(1).max(65_535);
const usualSize = { cols: 80, rows: 24 };
const word = z
  .string()
  .max(32_768)
  .refine((text) => !text.includes('\0'), 'no NUL');

export const terminalsRouter = router({
  open: procedure({ scope: 'deploy', rest: 'POST /apps/{app}/terminals', app: 'app' })
    .input(
      app.extend({
        process: processName.optional(),
        replica,
        argv: z.array(word).min(1).max(256).optional(),
        ...terminalSizeSchema.partial().shape,
        /** False: input and output are pipes, standard output and error apart. */
        tty: z.boolean().default(true),
      }),
    )
    .mutation(async ({ ctx, input }): Promise<TerminalTicket> => {
      const { cols = usualSize.cols, rows = usualSize.rows, tty, ...rest } = input;
      const found = await requireApp(ctx.cloud, input.app);
      const grant = await prepareTerminal(ctx.cloud, found, { ...rest, size: tty ? { cols, rows } : undefined });
      const { argv, process, replica: number } = grant;
      return { ...issueTicket(ctx.cloud, ctx.token, { kind: 'terminal', grant }), argv, process, replica: number };
    }),
});

export const forwardsRouter = router({
  targets: procedure({ scope: 'read', rest: 'GET /apps/{app}/forwards', app: 'app' })
    .input(app)
    .query(
      async ({ ctx, input }): Promise<ForwardTarget[]> =>
        forwardTargets(ctx.cloud, await requireApp(ctx.cloud, input.app)),
    ),
  open: procedure({ scope: 'deploy', rest: 'POST /apps/{app}/forwards', app: 'app' })
    .input(app.extend({ target: processName, kind: forwardTargetSchema.shape.kind.optional(), port, replica }))
    .mutation(async ({ ctx, input }): Promise<Ticket> => {
      const grant = await prepareForward(ctx.cloud, await requireApp(ctx.cloud, input.app), input);
      return issueTicket(ctx.cloud, ctx.token, { kind: 'forward', grant });
    }),
  credentials: procedure({ scope: 'manage', rest: 'POST /apps/{app}/forwards/credentials', app: 'app' })
    .input(app.extend({ env: z.string().min(1).max(100).optional(), localPort: port }))
    .mutation(async ({ ctx, input }) =>
      forwardCredentials(ctx.cloud, ctx.principal, await requireApp(ctx.cloud, input.app), input),
    ),
});

export const metricsRouter = router({
  app: procedure({ scope: 'read', rest: 'GET /apps/{app}/metrics', app: 'app' })
    .input(app.extend({ sinceMs: z.number().int().min(0).max(metricsKeptMs).default(3_600_000) }))
    .query(async ({ ctx, input }) => appMetrics(ctx.cloud, await requireApp(ctx.cloud, input.app), input.sinceMs)),
});

const id = z.strictObject({ id: z.string().min(1).max(40) });

export const proposalsRouter = router({
  create: procedure({ scope: 'deploy', rest: 'POST /proposals', app: 'none' })
    .input(
      z.strictObject({
        ...manifestInput,
        image: imageInput.optional(),
        reason: z.string().max(2000).default(''),
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const { reason, ...toPlan } = input;
      const allow = (found: string) => requireCover(ctx.principal, found, `app ${found}`);
      const { plan, diagnostics: all } = await createPlan(ctx.cloud, ctx.principal, { ...toPlan, allow }, ctx.signal);
      const diagnostics = veiledDiagnostics(all, ctx.principal);
      if (plan) return keepProposal(ctx.cloud, ctx.principal, { ...toPlan, reason }, plan);
      throw new ProblemError({
        code: 'manifest_invalid',
        what: 'The manifest is not valid',
        object: input.fileName ?? 'cloud_manifest.yml',
        why: diagnostics.find(({ severity }) => severity === 'error')?.message ?? 'It has errors.',
        still: 'Nothing was proposed.',
        remedy: 'Correct what is named and propose it again.',
        evidence: diagnostics
          .filter(({ severity }) => severity === 'error')
          .map(
            ({ range, code, message }) => `${range.start.line + 1}:${range.start.character + 1}  ${code}  ${message}`,
          ),
      });
    }),
  list: procedure({ scope: 'read', rest: 'GET /proposals', app: 'app' })
    .input(z.strictObject({ app: appNameSchema.optional() }).optional())
    .query(({ ctx, input }) => proposals(ctx.cloud, input?.app === undefined ? ctx.principal.apps : [input.app])),
  get: procedure({ scope: 'read', rest: 'GET /proposals/{id}', app: 'none' })
    .input(id)
    .query(({ ctx, input }) => proposal(ctx.cloud, input.id, (known) => covers(ctx.principal, known))),
  discard: procedure({ scope: 'deploy', rest: 'DELETE /proposals/{id}', app: 'none' })
    .input(id)
    .mutation(async ({ ctx, input }) => {
      await discardProposal(ctx.cloud, ctx.principal, input.id, (known) => covers(ctx.principal, known));
      return { id: input.id };
    }),
});
