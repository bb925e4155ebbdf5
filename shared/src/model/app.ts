/** Apps, their processes and where they are reached, as the API tells them. */
import * as z from 'zod';

/** The rule for app names, in one place; the database repeats it as a CHECK. */
export const appNamePattern = /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/;
export const appNameSchema = z
  .string()
  .regex(appNamePattern, 'an app name is 2 to 40 of a-z, 0-9 and -, starts with a letter and does not end with -');

/** `deploying` wins over `running`; `failed` means that what should run does not. */
export const appStates = ['created', 'deploying', 'running', 'degraded', 'failed', 'stopped', 'deleting'] as const;
export type AppState = (typeof appStates)[number];

export const replicaStates = ['starting', 'healthy', 'unhealthy', 'exited', 'draining'] as const;
export const replicaSchema = z.object({
  id: z.string(),
  process: z.string(),
  release: z.number().int(),
  state: z.enum(replicaStates),
  /** Exit code, OOM or health answer when it is not healthy. */
  reason: z.string().optional(),
});
export type Replica = z.infer<typeof replicaSchema>;

export const appUrlSchema = z.object({ url: z.string(), process: z.string(), port: z.number().int() });

export const appSummarySchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(['container', 'forward']),
  environment: z.enum(['production', 'staging']),
  state: z.enum(appStates),
  /** Version of the release that serves; none before the first deploy succeeded. */
  release: z.number().int().optional(),
  image: z.string().optional(),
  urls: z.array(appUrlSchema),
  createdAt: z.number(),
  updatedAt: z.number(),
});
export type AppSummary = z.infer<typeof appSummarySchema>;

export const bindingSchema = z.object({ service: z.string(), env: z.string(), database: z.string().optional() });
export const volumeSchema = z.object({ name: z.string(), path: z.string(), createdAt: z.number() });

export const appDetailSchema = appSummarySchema.extend({
  digest: z.string().optional(),
  /** Text of the manifest that the serving release was made from. */
  manifest: z.string().optional(),
  replicas: z.array(replicaSchema),
  bindings: z.array(bindingSchema),
  volumes: z.array(volumeSchema),
  domains: z.array(z.string()),
});
export type AppDetail = z.infer<typeof appDetailSchema>;
