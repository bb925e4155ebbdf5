/** HTTP around the router: who may ask at all, how often, how much; and nothing of what is asked. */
import rateLimit from '@fastify/rate-limit';
import { type FastifyTRPCPluginOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Problem } from 'minicloud-shared/model/problem';
import { toProblem } from 'minicloud-shared/model/problem';
import { principalOf, verifyToken } from '../access/access.ts';
import type { Cloud } from '../context.ts';
import { type AppRouter, appRouter } from './router.ts';
import type { Context } from './trpc.ts';

const bodyLimitBytes = 1024 * 1024;
const requestsPerMinute = 1200;
const failedTokensPerMinute = 30;
const mostBatched = 20;
const headersTimeoutMs = 15_000;

/** The API, not yet listening. */
export async function createApiServer(cloud: Cloud): Promise<FastifyInstance> {
  const server = fastify({
    bodyLimit: bodyLimitBytes,
    routerOptions: { maxParamLength: 2000 },
    logger: false,
    forceCloseConnections: true,
    requestTimeout: 0,
    http: { headersTimeout: headersTimeoutMs },
    return503OnClosing: true,
  });
  await server.register(rateLimit, {
    global: true,
    max: requestsPerMinute,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, context) => tooMany(context.after),
  });
  const failures = server.createRateLimit({
    max: failedTokensPerMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => `failed ${request.ip}`,
  });

  server.addHook('onRequest', async (request, reply) => {
    reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
    reply.header('x-content-type-options', 'nosniff');
    reply.header('referrer-policy', 'no-referrer');
    reply.header('cache-control', 'no-store');
    const refusal = refuse(cloud, request);
    if (refusal) await send(reply, 403, refusal);
  });
  server.get('/health', async () => ({ status: 'ok', version: cloud.version }));

  const createContext = async ({ req, res }: { req: FastifyRequest; res: FastifyReply }): Promise<Context> => {
    const closed = new AbortController();
    res.raw.on('close', () => closed.abort(new DOMException('The client went away', 'AbortError')));
    const value = /^Bearer (\S+)$/.exec(req.headers.authorization ?? '')?.[1];
    const token = value === undefined ? undefined : await verifyToken(cloud, value);
    if (value !== undefined && !token) {
      const limit = await failures(req);
      if (!limit.isAllowed && limit.isExceeded) {
        res.header('retry-after', Math.ceil(limit.ttl / 1000));
        throw Object.assign(new Error('too many failed tokens'), { statusCode: 429 });
      }
      await cloud.events.append({
        by: `unknown from ${req.ip}`,
        body: { kind: 'access.denied', what: 'a token that is not valid' },
      });
    }
    return { cloud, principal: token && principalOf(token), tokenId: token?.id, signal: closed.signal };
  };
  await server.register(fastifyTRPCPlugin, {
    prefix: '/trpc',
    trpcOptions: {
      router: appRouter,
      createContext,
      maxBatchSize: mostBatched,
      onError: ({ error, path }) => {
        if (error.code === 'INTERNAL_SERVER_ERROR')
          cloud.log.error('a request failed unexpectedly', { path, error: error.stack ?? error.message });
      },
    } satisfies FastifyTRPCPluginOptions<AppRouter>['trpcOptions'],
  });

  server.setErrorHandler(async (error: Error & { statusCode?: number; code?: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) cloud.log.error('a request failed unexpectedly', { error: error.stack ?? error.message });
    await send(reply, status, status >= 500 ? toProblem(error) : clientProblem(status, error.message));
  });
  server.setNotFoundHandler(async (_request, reply) =>
    send(reply, 404, clientProblem(404, 'There is nothing at this path.')),
  );
  return server;
}

/** Why a request may not even be looked at: another host's name (DNS rebinding), a page of another origin. */
function refuse(cloud: Cloud, request: FastifyRequest): Problem | undefined {
  const host = request.headers.host ?? '';
  const hostname = host.replace(/:\d+$/, '');
  if (!['127.0.0.1', 'localhost', '[::1]', cloud.config.apiHost].includes(hostname)) {
    return clientProblem(403, `The API does not answer to the name ${hostname.slice(0, 100)}.`);
  }
  const { origin } = request.headers;
  if (origin !== undefined && origin !== `http://${host}` && !origin.startsWith('vscode-webview://')) {
    return clientProblem(403, 'Pages of other origins may not use the API.');
  }
  return undefined;
}

async function send(reply: FastifyReply, status: number, problem: Problem): Promise<void> {
  await reply
    .code(status)
    .type('application/json')
    .send({ error: { message: problem.what, data: { httpStatus: status, problem } } });
}

function clientProblem(status: number, why: string): Problem {
  return {
    code:
      status === 403 ? 'forbidden' : status === 404 ? 'not_found' : status === 429 ? 'rate_limited' : 'invalid_input',
    what: status === 429 ? 'Too many requests' : 'The request was refused',
    object: 'request',
    why,
    still: 'Nothing was changed.',
    remedy:
      status === 429
        ? 'Wait as long as Retry-After says.'
        : 'Correct the request; `minicloud help` lists what there is.',
    evidence: [],
  };
}

function tooMany(after: string) {
  const problem = clientProblem(429, `More than ${requestsPerMinute} a minute; again in ${after}.`);
  return Object.assign(new Error(problem.what), { statusCode: 429, problem });
}
