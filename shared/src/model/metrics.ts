/** Metrics: what an app's processes use and how they answer, as a whole and route by route, over the last day. */
import * as z from 'zod';

/** One value per time; null where nothing was measured. All lists of a series are as long as `at`. */
export const valuesSchema = z.array(z.number().nullable());

/** How something answers, through the proxy. */
export const answersSchema = z.object({
  /** Per second, since the time before. */
  requests: valuesSchema,
  /** Per second: answers of 500 and above, and connections that failed. */
  errors: valuesSchema,
  /** Milliseconds to the first byte from the app; null where there was no request. */
  p50: valuesSchema,
  p95: valuesSchema,
  p99: valuesSchema,
});
export type Answers = z.infer<typeof answersSchema>;

export const processMetricsSchema = z.object({
  process: z.string(),
  kind: z.enum(['process', 'support']),
  /** Replicas that were measured at the last time. */
  replicas: z.number().int(),
  /** Of all replicas together; 0 when none has a limit. */
  memoryLimitBytes: z.number(),
  /** Times of the values, milliseconds since the epoch, rising. Closer together near the end than before. */
  at: z.array(z.number()),
  /** Cores in use, all replicas together. */
  cpu: valuesSchema,
  /** Bytes in use, all replicas together, without what the kernel would give back by itself. */
  memoryBytes: valuesSchema,
  /** Over all routes that lead to it. Absent where none does, and from servers that tell it by route alone. */
  answers: answersSchema.optional(),
});
export type ProcessMetrics = z.infer<typeof processMetricsSchema>;

export const routeMetricsSchema = z.object({
  host: z.string(),
  path: z.string(),
  /** Process that it leads to now. Absent when the serving release has no such route, and from older servers. */
  process: z.string().optional(),
  at: z.array(z.number()),
  ...answersSchema.shape,
});
export type RouteMetrics = z.infer<typeof routeMetricsSchema>;

export const appMetricsSchema = z.object({
  app: z.string(),
  /** Milliseconds since the epoch. */
  asOf: z.number(),
  /** How often is measured while somebody asks; asking more often gives nothing new. */
  everyMs: z.number(),
  processes: z.array(processMetricsSchema),
  routes: z.array(routeMetricsSchema),
});
export type AppMetrics = z.infer<typeof appMetricsSchema>;

/**
 * The routes to show under each process, which answers as all of them together: none where there is but one, as that one
 * is all of it. `others` lead to no process now, or come from a server that does not tell where they lead.
 */
export function routesByProcess({ processes, routes }: Pick<AppMetrics, 'processes' | 'routes'>): {
  under(process: ProcessMetrics): RouteMetrics[];
  others: RouteMetrics[];
} {
  const whole = processes.filter(({ answers }) => answers !== undefined).map(({ process }) => process);
  const ledBy = Map.groupBy(routes, ({ process }) => (process !== undefined && whole.includes(process) ? process : ''));
  return {
    under({ process, answers }) {
      const led = (answers && ledBy.get(process)) ?? [];
      return led.length > 1 ? led : [];
    },
    others: ledBy.get('') ?? [],
  };
}

/** Oldest value that is kept, milliseconds. */
export const metricsKeptMs = 24 * 3_600_000;
