/** Proposals: plans that somebody made for a person to look at and apply, or not. Applying one is an ordinary deploy. */
import * as z from 'zod';
import { planSchema } from './plan.ts';

export const proposalStates = ['open', 'applied', 'discarded', 'expired'] as const;
export type ProposalState = (typeof proposalStates)[number];

export const proposalSummarySchema = z.object({
  id: z.string(),
  app: z.string(),
  state: z.enum(proposalStates),
  /** Principal that proposed it. */
  by: z.string(),
  /** What its author says about it: foreign text, to be shown as text. */
  reason: z.string(),
  planHash: z.string(),
  /** How many changes the plan has. */
  changes: z.number().int(),
  createdAt: z.number(),
  expiresAt: z.number(),
});
export type ProposalSummary = z.infer<typeof proposalSummarySchema>;

/**
 * Apply with `deploys.start({ manifest, fileName, image, app, planHash })`: refused with `plan_changed` when the app
 * has moved on since.
 */
export const proposalSchema = proposalSummarySchema.extend({
  manifest: z.string(),
  fileName: z.string().optional(),
  image: z.string().optional(),
  plan: planSchema,
});
export type Proposal = z.infer<typeof proposalSchema>;
