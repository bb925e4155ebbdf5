/** What a server is and can do; clients enable commands by `features`, never by version. */
import * as z from 'zod';

export const features = [
  'apps',
  'deleted-apps',
  'plans',
  'plans.offline',
  'deploys',
  'rollbacks',
  'rollback-plans',
  'logs',
  'events',
  'needs.database.mariadb',
  'needs.storage',
  'secrets',
  'support',
  'internet',
  'release-command',
  'exec',
  'forward',
  'metrics',
  'proposals',
  'mcp',
  'config',
  'keys',
] as const;

export const componentSchema = z.object({
  name: z.enum(['engine', 'proxy', 'database', 'firewall', 'certificates', 'mariadb']),
  state: z.enum(['ok', 'starting', 'degraded', 'down', 'off']),
  detail: z.string(),
});

export const systemInfoSchema = z.object({
  version: z.string(),
  apiVersion: z.number().int(),
  features: z.array(z.string()),
  /** Random, made at first start; tells two servers apart. */
  installation: z.string(),
  serverDomain: z.string(),
  engine: z.object({ kind: z.string(), version: z.string(), os: z.string(), arch: z.string() }),
  proxy: z.object({ httpPort: z.number().int(), httpsPort: z.number().int() }),
});
export type SystemInfo = z.infer<typeof systemInfoSchema>;

export const systemStatusSchema = z.object({
  ok: z.boolean(),
  components: z.array(componentSchema),
  apps: z.number().int(),
  uptimeSeconds: z.number(),
  memoryBytes: z.number(),
});
export type SystemStatus = z.infer<typeof systemStatusSchema>;

export const logLineSchema = z.object({
  at: z.number(),
  process: z.string(),
  replica: z.string(),
  release: z.number().int(),
  stream: z.enum(['stdout', 'stderr']),
  text: z.string(),
  /** Of a line that Minicloud put there: the app's lines that are missing before it, by number or by time. */
  leftOut: z.object({ lines: z.number().int().optional(), from: z.number().optional(), to: z.number() }).optional(),
});
export type LogLine = z.infer<typeof logLineSchema>;
