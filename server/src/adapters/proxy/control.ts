/** The companion's end of the control socket: what `lua/minicloud/control.lua` answers, with deadlines. */
import { Readable } from 'node:stream';
import { ProblemError } from 'minicloud-shared/model/problem';
import { z } from 'zod';
import { askHttp } from '../../platform/ask-http.ts';
import { sleep } from '../../platform/wait.ts';

const refusedSchema = z.array(z.object({ host: z.string(), why: z.string() })).default([]);
const changedSchema = z.object({ hash: z.string(), refused: refusedSchema });
const errorSchema = z.object({ error: z.string() });
const statusSchema = z.object({
  hash: z.string(),
  routes: z.number(),
  certificates: z.number(),
  workers: z.number(),
  pids: z.array(z.number()).default([]),
  warnings: z.array(z.string()).default([]),
});
const countersSchema = z.object({
  counters: z
    .array(
      z.object({
        app: z.string(),
        release: z.number(),
        requests: z.number(),
        errors: z.number(),
        upstreamMs: z.number(),
        active: z.number(),
        latency: z.array(z.number()),
      }),
    )
    .default([]),
});
const routeCountersSchema = z.object({
  counters: z
    .array(
      z.object({
        app: z.string(),
        host: z.string(),
        path: z.string(),
        requests: z.number(),
        errors: z.number(),
        latency: z.array(z.number()),
      }),
    )
    .default([]),
});

export type ControlStatus = z.infer<typeof statusSchema>;
export type ControlCounters = z.infer<typeof countersSchema>['counters'];
export type ControlRouteCounters = z.infer<typeof routeCountersSchema>['counters'];
export type Refused = z.infer<typeof refusedSchema>;

export interface ControlOptions {
  signal?: AbortSignal;
}

export interface Control {
  /** The whole table. */
  put(hash: string, lines: string[], options?: ControlOptions): Promise<Refused>;
  /** A change of the table with the hash `base`; undefined when the proxy serves another. */
  patch(base: string, hash: string, lines: string[], options?: ControlOptions): Promise<Refused | undefined>;
  status(options?: ControlOptions): Promise<ControlStatus>;
  counters(options?: ControlOptions): Promise<ControlCounters>;
  routeCounters(options?: ControlOptions): Promise<ControlRouteCounters>;
}

const askMs = 5_000;
const patchMs = 20_000;
const putMs = 120_000;
const busyTries = 50;
const busyPauseMs = 100;

/** Opens nothing until it is used. Every call ends in `proxy_failed`, `timeout` or `disk_full` when it does not work. */
export function createControl(socketPath: string): Control {
  async function call(
    method: 'GET' | 'PUT' | 'PATCH',
    path: string,
    deadlineMs: number,
    lines: string[] | undefined,
    options: ControlOptions | undefined,
  ): Promise<{ status: number; body: unknown }> {
    const deadline = AbortSignal.timeout(deadlineMs);
    try {
      const sent = lines ? body(lines) : { headers: {} };
      const { status, text } = await askHttp({
        to: { socketPath },
        method,
        path,
        ...sent,
        headers: { host: 'minicloud-proxy', ...sent.headers },
        signal: options?.signal ? AbortSignal.any([options.signal, deadline]) : deadline,
      });
      return { status, body: JSON.parse(text) };
    } catch (error) {
      if (options?.signal?.aborted) throw error;
      throw unreachable(error, deadline.aborted, deadlineMs);
    }
  }

  /** Another change can be under way when two companions overlap for a moment. */
  async function change(method: 'PUT' | 'PATCH', lines: string[], deadlineMs: number, options?: ControlOptions) {
    for (let tries = 1; ; tries += 1) {
      const answer = await call(method, '/table', deadlineMs, lines, options);
      if (answer.status !== 503 || tries === busyTries) return answer;
      await sleep(busyPauseMs, options?.signal);
    }
  }

  return {
    async put(hash, lines, options) {
      const answer = await change('PUT', [JSON.stringify({ hash }), ...lines], putMs, options);
      return parse(changedSchema, answer).refused;
    },
    async patch(base, hash, lines, options) {
      const answer = await change('PATCH', [JSON.stringify({ base, hash }), ...lines], patchMs, options);
      return answer.status === 409 ? undefined : parse(changedSchema, answer).refused;
    },
    async status(options) {
      return parse(statusSchema, await call('GET', '/status', askMs, undefined, options));
    },
    async counters(options) {
      return parse(countersSchema, await call('GET', '/counters', askMs, undefined, options)).counters;
    },
    async routeCounters(options) {
      return parse(routeCountersSchema, await call('GET', '/counters/routes', askMs, undefined, options)).counters;
    },
  };
}

/** Lines as a stream whose length is known: a table with thousands of certificates is not joined into one string. */
function body(lines: string[]) {
  const length = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  return {
    headers: { 'content-type': 'application/x-ndjson', 'content-length': String(length) },
    body: Readable.from(chunks(lines)),
  };
}

const linesPerChunk = 500;

function* chunks(lines: string[]): Generator<Buffer> {
  for (let at = 0; at < lines.length; at += linesPerChunk) {
    yield Buffer.from(`${lines.slice(at, at + linesPerChunk).join('\n')}\n`);
  }
}

function parse<T>(schema: z.ZodType<T>, answer: { status: number; body: unknown }): T {
  const parsed = schema.safeParse(answer.body);
  if (answer.status === 200 && parsed.success) return parsed.data;
  const said = errorSchema.safeParse(answer.body);
  const why = said.success ? said.data.error : `it answered ${answer.status} with something unexpected`;
  if (answer.status === 507) {
    throw new ProblemError({
      code: /No space left|quota exceeded/i.test(why) ? 'disk_full' : 'proxy_failed',
      what: 'The proxy could not write its state',
      object: 'proxy',
      why,
      still: 'It serves what it served before.',
      remedy: 'Make room on the disk of Minicloud’s home folder and look at its permissions, then try again.',
    });
  }
  throw new ProblemError({
    code: answer.status === 503 ? 'busy' : 'proxy_failed',
    what: 'The proxy did not take the change',
    object: 'proxy',
    why,
    still: 'It serves what it served before.',
    remedy: 'Try again; if it stays, look at the log of the proxy’s container.',
  });
}

function unreachable(error: unknown, late: boolean, deadlineMs: number): ProblemError {
  return new ProblemError(
    {
      code: late ? 'timeout' : 'proxy_failed',
      what: 'The proxy does not answer the companion',
      object: 'proxy',
      why: late ? `No answer in ${deadlineMs / 1000} s.` : error instanceof Error ? error.message : String(error),
      remedy: 'Look at the log of the proxy’s container; the companion starts it again by itself.',
    },
    { cause: error },
  );
}
