/** Operations: the companion's own long-running, resumable work. */
import * as z from 'zod';
import { problemSchema } from './problem.ts';

export const operationKinds = ['deploy', 'rollback', 'delete', 'converge'] as const;
export const operationStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type OperationState = (typeof operationStates)[number];

/** States that an operation never leaves. */
export const operationEnded: Record<OperationState, boolean> = {
  queued: false,
  running: false,
  succeeded: true,
  failed: true,
  cancelled: true,
};

export const operationStepSchema = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  /** 0 to 1 where it can be told. */
  progress: z.number().optional(),
  /** One line about what happens now: `pulled 12 of 40 MB`. */
  detail: z.string().optional(),
  startedAt: z.number().optional(),
  ms: z.number().optional(),
});
export type OperationStep = z.infer<typeof operationStepSchema>;

export const operationSchema = z.object({
  id: z.string(),
  kind: z.enum(operationKinds),
  app: z.string(),
  release: z.number().int().optional(),
  state: z.enum(operationStates),
  by: z.string(),
  steps: z.array(operationStepSchema),
  problem: problemSchema.optional(),
  createdAt: z.number(),
  startedAt: z.number().optional(),
  finishedAt: z.number().optional(),
});
export type Operation = z.infer<typeof operationSchema>;
