/** Releases: immutable versions of an app, and the state table that server and UI share. */
import * as z from 'zod';
import { changeSchema } from './plan.ts';
import { problemSchema } from './problem.ts';

export const releaseStates = ['pending', 'deploying', 'current', 'superseded', 'failed', 'rolled_back'] as const;
export type ReleaseState = (typeof releaseStates)[number];

/** What may follow a state. A rollback appends a release; it never revives an old row. */
export const releaseTransitions: Record<ReleaseState, readonly ReleaseState[]> = {
  pending: ['deploying', 'failed'],
  deploying: ['current', 'failed'],
  current: ['superseded', 'rolled_back'],
  superseded: [],
  failed: [],
  rolled_back: [],
};

/** What a person can do with a release in a state; the editor enables commands by it and the server checks it. */
export const releaseCan: Record<ReleaseState, { rollbackTo: boolean; cancel: boolean }> = {
  pending: { rollbackTo: false, cancel: true },
  deploying: { rollbackTo: false, cancel: true },
  current: { rollbackTo: false, cancel: false },
  superseded: { rollbackTo: true, cancel: false },
  failed: { rollbackTo: false, cancel: false },
  rolled_back: { rollbackTo: true, cancel: false },
};

/** What was measured; of a release that failed, as far as it came. */
export const receiptSchema = z.object({
  /** Milliseconds of all steps together. */
  totalMs: z.number(),
  /** Milliseconds between the route table changing and the first answer of the new release through the proxy. */
  switchMs: z.number().optional(),
  /**
   * Requests that the companion sent through the proxy during the switch, and how many of them failed. When the
   * companion was killed in the middle of the switch: since it goes on.
   */
  probes: z.object({ sent: z.number().int(), failed: z.number().int() }),
  digest: z.string(),
  steps: z.array(z.object({ name: z.string(), object: z.string(), ms: z.number() })),
});
export type Receipt = z.infer<typeof receiptSchema>;

export const releaseSchema = z.object({
  app: z.string(),
  version: z.number().int(),
  state: z.enum(releaseStates),
  image: z.string(),
  digest: z.string(),
  /** Version of the app's config vars and secrets; 0 for none. An older server does not tell it. */
  configVersion: z.number().int().optional(),
  /** Why it exists: `deploy`, `rollback to 3`, `config: set A, B; unset C`. */
  reason: z.string(),
  /** Principal that asked for it. */
  by: z.string(),
  createdAt: z.number(),
  finishedAt: z.number().optional(),
  receipt: receiptSchema.optional(),
  problem: problemSchema.optional(),
});
export type Release = z.infer<typeof releaseSchema>;

export const releaseDetailSchema = z.object({
  ...releaseSchema.shape,
  /** Text of the manifest that it was made from. An older server does not tell it. */
  manifest: z.string().optional(),
});
export type ReleaseDetail = z.infer<typeof releaseDetailSchema>;

/** What one release has that another has not. */
export const releaseDifferenceSchema = changeSchema.omit({ consequence: true });

export const releaseComparisonSchema = z.object({
  app: z.string(),
  from: z.number().int(),
  to: z.number().int(),
  /** From the first to the second; none when both are of the same image, manifest and config. Variables by name only. */
  differences: z.array(releaseDifferenceSchema),
});
export type ReleaseComparison = z.infer<typeof releaseComparisonSchema>;
