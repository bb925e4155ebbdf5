/** Apps, their processes and where they are reached, as the API tells them. */
import * as z from 'zod';
import { configKindSchema } from './config.ts';
import { operationSchema } from './operation.ts';

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
  /** From here on only in the detail of an app. Number among its process's replicas, from 1. */
  replica: z.number().int().optional(),
  startedAt: z.number().optional(),
  /** How often the engine started it again. */
  restarts: z.number().int().optional(),
  /** As last measured; absent until it was. */
  memoryBytes: z.number().optional(),
  memoryLimitBytes: z.number().optional(),
  /** Cores in use. */
  cpu: z.number().optional(),
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
export const volumeSchema = z.object({
  name: z.string(),
  path: z.string(),
  /** Support container that has it to itself; absent for what the processes share. */
  support: z.string().optional(),
  createdAt: z.number(),
});

/** Names of config vars and secrets that an app has. */
export const appConfigSchema = z.object({ name: z.string(), kind: configKindSchema });

/** What an app's data is made of, in words: `volume /data`, `volume /data of search`, `mariadb in DATABASE_URL`, `config A, B`. */
export function dataParts(app: {
  volumes: readonly { path: string; support?: string }[];
  databases: readonly { service: string; env: string }[];
  config?: readonly { name: string }[] | undefined;
}): string[] {
  const names = (app.config ?? []).map(({ name }) => name);
  return [
    ...app.volumes.map(({ path, support }) =>
      support === undefined ? `volume ${path}` : `volume ${path} of ${support}`,
    ),
    ...app.databases.map(({ service, env }) => `${service} in ${env}`),
    ...(names.length > 0 ? [`config ${names.join(', ')}`] : []),
  ];
}

/** How long the data of a deleted app is kept, milliseconds. */
export const keptMs = 7 * 86_400_000;

/** A deleted app whose data is kept until then. */
export const deletedAppSchema = z.object({
  id: z.string(),
  name: z.string(),
  environment: z.enum(['production', 'staging']),
  deletedAt: z.number(),
  keptUntil: z.number(),
  by: z.string(),
  volumes: z.array(volumeSchema),
  databases: z.array(bindingSchema),
  /** Config vars and secrets, by name. An older server keeps none. */
  config: z.array(appConfigSchema).optional(),
});
export type DeletedApp = z.infer<typeof deletedAppSchema>;

/** What the serving release says of a process or support container. */
export const processSchema = z.object({
  name: z.string(),
  kind: z.enum(['process', 'support']),
  /** argv; absent where the image's own command runs. */
  command: z.array(z.string()).optional(),
  /** Image of a support container. */
  image: z.string().optional(),
  count: z.number().int(),
  memoryBytes: z.number().optional(),
  cpus: z.number().optional(),
  pids: z.number().int().optional(),
});
export type AppProcess = z.infer<typeof processSchema>;

export const certificateSchema = z.object({
  /** `local`: by this server's own authority; `none`: the name is served with http alone. */
  kind: z.string(),
  /** Name of who signed it, in words. */
  issuer: z.string().optional(),
  notBefore: z.number().optional(),
  notAfter: z.number().optional(),
});
export type AppCertificate = z.infer<typeof certificateSchema>;

export const appRouteSchema = z.object({
  host: z.string(),
  path: z.string(),
  process: z.string(),
  port: z.number().int(),
  /** Absent for what can't be opened, such as a wildcard. */
  url: z.string().optional(),
  certificate: certificateSchema,
});
export type AppRoute = z.infer<typeof appRouteSchema>;

export const appDetailSchema = appSummarySchema.extend({
  digest: z.string().optional(),
  /** Text of the manifest that the serving release was made from. */
  manifest: z.string().optional(),
  replicas: z.array(replicaSchema),
  bindings: z.array(bindingSchema),
  volumes: z.array(volumeSchema),
  /** Config vars and secrets, by name. An older server has none. */
  config: z.array(appConfigSchema).optional(),
  domains: z.array(z.string()),
  /** In the order of the manifest; empty before the first deploy succeeded. */
  processes: z.array(processSchema),
  routes: z.array(appRouteSchema),
  /** The last operations, newest first. */
  activity: z.array(operationSchema),
});
export type AppDetail = z.infer<typeof appDetailSchema>;
