/** Metrics: what an app's processes use and how its routes answer, over the last day. */
import * as z from 'zod';

/** One value per time; null where nothing was measured. All lists of a series are as long as `at`. */
const values = z.array(z.number().nullable());

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
  cpu: values,
  /** Bytes in use, all replicas together, without what the kernel would give back by itself. */
  memoryBytes: values,
});
export type ProcessMetrics = z.infer<typeof processMetricsSchema>;

export const routeMetricsSchema = z.object({
  host: z.string(),
  path: z.string(),
  at: z.array(z.number()),
  /** Per second, since the time before. */
  requests: values,
  /** Per second: answers of 500 and above, and connections that failed. */
  errors: values,
  /** Milliseconds to the first byte from the app; null where there was no request. */
  p50: values,
  p95: values,
  p99: values,
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

/** Oldest value that is kept, milliseconds. */
export const metricsKeptMs = 24 * 3_600_000;
