/**
 * One way to ask Docker anything: a call as data, with a deadline, a signal, and its answer parsed.
 *
 * It goes through dockerode's own transport instead of its methods, because several of those take no signal and
 * would wait for ever on an engine that is frozen.
 */
import type { Duplex, Readable } from 'node:stream';
import Docker from 'dockerode';
import type { z } from 'zod';
import type { CallOptions } from './contract.ts';
import { type Attempt, cancelled, dockerProblem, type FailureKind, failureStatus, frozen } from './docker-problems.ts';

export interface Call extends Attempt {
  method: 'GET' | 'POST' | 'DELETE';
  /** Without version and query: `/containers/json`. */
  path: string;
  query?: Record<string, string | number | boolean>;
  body?: object;
  upload?: NodeJS.ReadableStream;
  registryAuth?: { username: string; password: string } | { identitytoken: string };
  /** Whose fault a failure is; decides how its words are read. */
  kind?: FailureKind;
}

export interface Deadlines {
  /** Milliseconds for one question and its answer. */
  unaryMs: number;
  /** Milliseconds that a pull may go without progress. */
  pullStallMs: number;
  /** Milliseconds between the signs of life asked for while something long runs. */
  heartbeatMs: number;
}
export const defaultDeadlines: Deadlines = { unaryMs: 30_000, pullStallMs: 60_000, heartbeatMs: 30_000 };

export interface Transport {
  readonly deadlines: Deadlines;
  /** Whole answer, parsed; `undefined` for 404 when `missing` says that this is an answer too. */
  ask<T>(call: Call, schema: z.ZodType<T>, options?: CallOptions & AskOptions): Promise<T>;
  /** An answer nobody reads. True when it was done, false when it was so already or the object is gone. */
  tell(call: Call, options?: CallOptions & AskOptions): Promise<boolean>;
  find<T>(call: Call, schema: z.ZodType<T>, options?: CallOptions): Promise<T | undefined>;
  /** The body as it comes. The deadline is for its beginning; the signal ends it at any time. */
  stream(call: Call, options?: CallOptions & AskOptions & { begins?: Begins }): Promise<Readable>;
  /** The connection itself, for input and output at once. */
  hijack(call: Call, options?: CallOptions): Promise<Duplex>;
  /** Runs something long; ends it with `timeout` when the engine shows no sign of life meanwhile. */
  alive<T>(attempt: Attempt, options: CallOptions | undefined, run: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Speak this version of the API from now on. */
  useVersion(version: string): void;
}

/**
 * `whenever`: an engine may say nothing at all, not even that it will, before there is something to tell. Instead of
 * a deadline it is asked for signs of life meanwhile.
 */
export type Begins = 'soon' | 'whenever';

export interface AskOptions {
  /** Instead of the unary deadline. Infinity: none. */
  timeoutMs?: number;
}

interface Modem {
  version?: string;
  dial(options: object, callback: (error: unknown, data: unknown) => void): void;
}

/** Opens nothing yet; the first call does. `host` is a URL such as `tcp://10.0.0.5:2375`. */
export function createTransport(options: {
  socketPath?: string;
  host?: string;
  deadlines?: Partial<Deadlines>;
}): Transport {
  const deadlines = { ...defaultDeadlines, ...options.deadlines };
  const docker = new Docker(connection(options));
  const modem: Modem = docker.modem;

  const dial = (call: Call, signal: AbortSignal, extra: { isStream?: boolean; hijack?: boolean } = {}) =>
    new Promise<unknown>((resolve, reject) => {
      // The transport gives no answer after some aborts; the caller gets one all the same.
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      modem.dial(
        {
          path: `${call.path}?`,
          method: call.method,
          options: { _query: call.query ?? {}, _body: call.body ?? {} },
          abortSignal: signal,
          statusCodes: { 101: true, 200: true, 201: true, 204: true },
          ...(call.upload && { file: call.upload }),
          ...(call.registryAuth && { authconfig: call.registryAuth }),
          ...(extra.hijack && { hijack: true, openStdin: true }),
          ...(extra.isStream && { isStream: true }),
        },
        (error, data) => (error ? reject(error) : resolve(data)),
      );
    });

  async function within<T>(
    attempt: Call,
    { signal, timeoutMs = deadlines.unaryMs }: CallOptions & AskOptions,
    run: (signal: AbortSignal) => Promise<T>,
    release: (cancel: () => void, value: T) => void = (cancel) => cancel(),
  ): Promise<T> {
    if (signal?.aborted) throw cancelled(attempt);
    const controller = new AbortController();
    const onAbort = () => controller.abort(cancelled(attempt));
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = Number.isFinite(timeoutMs)
      ? setTimeout(() => controller.abort(frozen(attempt, timeoutMs)), timeoutMs)
      : undefined;
    const forget = () => signal?.removeEventListener('abort', onAbort);
    try {
      const value = await run(controller.signal);
      clearTimeout(timer);
      release(forget, value);
      return value;
    } catch (error) {
      clearTimeout(timer);
      forget();
      throw controller.signal.aborted ? controller.signal.reason : error;
    }
  }

  /** A question may be asked again when the engine closed a kept connection under it; a command may not. */
  async function dialAgain(call: Call, signal: AbortSignal): Promise<unknown> {
    try {
      return await dial(call, signal);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (call.method !== 'GET' || (code !== 'ECONNRESET' && code !== 'EPIPE')) throw error;
      return await dial(call, signal);
    }
  }

  async function answer(call: Call, options: CallOptions & AskOptions = {}): Promise<unknown> {
    return await within(call, options, (signal) => dialAgain(call, signal));
  }

  function parse<T>(call: Call, schema: z.ZodType<T>, value: unknown): T {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const where = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw dockerProblem(new Error(`Its answer was not understood: ${where}`), call);
  }

  /** A signal that aborts with `outer`, or when the engine shows no sign of life until `stop`. */
  function heartbeat(attempt: Attempt, outer: AbortSignal | undefined) {
    const controller = new AbortController();
    const onAbort = () => controller.abort(cancelled(attempt));
    if (outer?.aborted) onAbort();
    outer?.addEventListener('abort', onAbort, { once: true });
    const ping: Call = { ...attempt, method: 'GET', path: '/_ping' };
    const timer = setInterval(() => {
      answer(ping, { signal: controller.signal }).catch((error) => controller.abort(dockerProblem(error, attempt)));
    }, deadlines.heartbeatMs);
    return {
      signal: controller.signal,
      stop: () => clearInterval(timer),
      /** `outer` is not listened to any more. */
      release: () => outer?.removeEventListener('abort', onAbort),
    };
  }

  const transport: Transport = {
    deadlines,
    async ask(call, schema, options) {
      try {
        return parse(call, schema, await answer(call, options));
      } catch (error) {
        throw dockerProblem(error, call, call.kind);
      }
    },
    async find(call, schema, options) {
      try {
        return parse(call, schema, await answer(call, options));
      } catch (error) {
        if (failureStatus(error) === 404) return undefined;
        throw dockerProblem(error, call, call.kind);
      }
    },
    async tell(call, options) {
      try {
        await answer(call, options);
        return true;
      } catch (error) {
        const status = failureStatus(error);
        if (status === 304 || (status === 404 && call.method === 'DELETE')) return false;
        throw dockerProblem(error, call, call.kind);
      }
    },
    async stream(call, { begins = 'soon', ...given } = {}) {
      const heart = begins === 'whenever' ? heartbeat(call, given.signal) : undefined;
      const options = heart ? { signal: heart.signal, timeoutMs: Number.POSITIVE_INFINITY } : given;
      try {
        return await within(
          call,
          options,
          async (signal) => (await dial(call, signal, { isStream: true })) as Readable,
          // The signal stays wired to the body until it ends.
          // An error before somebody reads is told to the reader, not to the whole process.
          (forget, body) =>
            body
              .on('error', () => {})
              .once('close', () => {
                forget();
                heart?.release();
              }),
        );
      } catch (error) {
        heart?.release();
        throw dockerProblem(error, call, call.kind);
      } finally {
        heart?.stop();
      }
    },
    async hijack(call, options = {}) {
      try {
        return await within(
          call,
          options,
          async (signal) => {
            const socket = (await dial(call, signal, { hijack: true })) as Duplex;
            signal.addEventListener('abort', () => socket.destroy(), { once: true });
            return socket;
          },
          (forget, socket) => socket.on('error', () => {}).once('close', forget),
        );
      } catch (error) {
        throw dockerProblem(error, call, call.kind);
      }
    },
    async alive(attempt, options, run) {
      const { signal, stop, release } = heartbeat(attempt, options?.signal);
      try {
        signal.throwIfAborted();
        return await run(signal);
      } catch (error) {
        throw signal.aborted ? signal.reason : dockerProblem(error, attempt);
      } finally {
        stop();
        release();
      }
    },
    useVersion(version) {
      modem.version = `v${version}`;
    },
  };
  return transport;
}

function connection({ socketPath, host }: { socketPath?: string; host?: string }): Docker.DockerOptions {
  // Said in full: what is left out is taken from DOCKER_HOST, which is not ours to follow.
  if (!host)
    return { host: undefined, port: undefined, protocol: 'http', socketPath: socketPath ?? '/var/run/docker.sock' };
  const url = new URL(host.replace(/^tcp:/, 'http:'));
  if (url.protocol === 'unix:') return { host: undefined, protocol: 'http', socketPath: url.pathname };
  const secure = url.protocol === 'https:';
  return { host: url.hostname, port: Number(url.port || (secure ? 2376 : 2375)), protocol: secure ? 'https' : 'http' };
}
