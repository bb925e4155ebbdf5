/** A plan: what a deploy would change, with the consequence of every change. Holds no secret value, ever. */
import * as z from 'zod';

/** In rising order of how much it hurts. */
export const consequences = ['none', 'restart', 'downtime', 'data'] as const;
export type Consequence = (typeof consequences)[number];

export const changeSchema = z.object({
  action: z.enum(['add', 'change', 'remove', 'keep']),
  /** `image`, `env NODE_ENV`, `domain shop.example.com`, `process worker`. */
  object: z.string(),
  /** Shown values; variables and secrets show names only. */
  before: z.string().optional(),
  after: z.string().optional(),
  consequence: z.enum(consequences),
});
export type Change = z.infer<typeof changeSchema>;

export const stepKinds = [
  'network',
  'volume',
  'service',
  'binding',
  'pull',
  'release-command',
  'support',
  'start',
  'await-healthy',
  'switch-routes',
  'probe',
  'drain',
  'stop-old',
  'finish',
] as const;
export type StepKind = (typeof stepKinds)[number];

export const planStepSchema = z.object({
  /** Unique in its plan and stable: `start web.2`. */
  id: z.string(),
  kind: z.enum(stepKinds),
  /** For people: `Start 2 replicas of web`. */
  title: z.string(),
  object: z.string(),
  consequence: z.enum(consequences),
  /** Expected seconds without service, when the consequence is `downtime`. */
  downtimeSeconds: z.number().optional(),
});
export type PlanStep = z.infer<typeof planStepSchema>;

export const planSchema = z.object({
  app: z.string(),
  /** True when the app does not exist yet. */
  creates: z.boolean(),
  /** The release that serves now and the one that this plan would make. */
  fromRelease: z.number().int().optional(),
  toRelease: z.number().int(),
  /** The earlier release that the new one repeats, when this is a rollback. */
  rollbackTo: z.number().int().optional(),
  image: z.string(),
  digest: z.string(),
  changes: z.array(changeSchema),
  steps: z.array(planStepSchema),
  /** The worst consequence of all. */
  consequence: z.enum(consequences),
  /** Things a person should know that block nothing. */
  notes: z.array(z.string()),
  urls: z.array(z.string()),
  /** SHA-256 over everything above; `apply` refuses when the plan would now differ. */
  hash: z.string(),
});
export type Plan = z.infer<typeof planSchema>;

/** The changes that lose data, by name: what a person has to be asked about. */
export function dataAtRisk(plan: Pick<Plan, 'changes'>): string[] {
  return plan.changes.filter(({ consequence }) => consequence === 'data').map(({ object }) => object);
}
