/** HTTP around the router: who may ask at all, how often, how much; and nothing of what is asked. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import { type FastifyTRPCPluginOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Token } from 'minicloud-shared/model/access';
import { type Problem, ProblemError } from 'minicloud-shared/model/problem';
import { principalOf, verifyToken } from '../access/access.ts';
import type { Cloud } from '../context.ts';
import { createDenials } from './denials.ts';
import { hostRefusal } from './hosts.ts';
import { serveMcp } from './mcp.ts';
import { createOnce } from './once.ts';
import { clientProblem, errorBody, internalProblem, referenceOf } from './problems.ts';
import { type AppRouter, appRouter } from './router.ts';
import { serveSockets } from './sockets.ts';
import type { Context } from './trpc.ts';
import { utf8Only } from './utf8.ts';

const bodyLimitBytes = 1024 * 1024;
const perMinute = { token: 3000, address: 600, failedTokens: 30, codes: 10 };
const mostBatched = 20;
/** By when the headers, and the whole request with its body, have arrived, and how often that is looked at. */
const usualTimeouts = { headersMs: 15_000, requestMs: 60_000, checkMs: 2_000 };

const securityHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

declare module 'fastify' {
  interface FastifyRequest {
    /** The valid token that came with the request. */
    token: Token | undefined;
  }
}

/** The API, not yet listening. */
export async function createApiServer(cloud: Cloud, timeouts = usualTimeouts): Promise<FastifyInstance> {
  const server = fastify({
    bodyLimit: bodyLimitBytes,
    routerOptions: { maxParamLength: 2000 },
    logger: false,
    forceCloseConnections: true,
    requestTimeout: timeouts.requestMs,
    http: { headersTimeout: timeouts.headersMs, connectionsCheckingInterval: timeouts.checkMs },
    return503OnClosing: true,
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, _request, reply) => {
      void send(reply, error.statusCode ?? 400, clientProblem(error.statusCode ?? 400, error.message.slice(0, 300)));
    },
  });
  // Before anything that is to be covered by it.
  server.setErrorHandler(async (error: Error & { statusCode?: number; problem?: Problem }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return send(reply, status, error.problem ?? clientProblem(status, error.message.slice(0, 300)));
    unexpected(cloud, error, request.routeOptions.url);
    return send(reply, status, internalProblem(error));
  });
  const denials = createDenials(cloud.events, cloud.clock);
  const once = createOnce(cloud);
  await server.register(rateLimit, {
    global: true,
    max: (request) => (request.token ? perMinute.token : perMinute.address),
    timeWindow: 60_000,
    // By token where there is one: what strangers do at the same address takes nothing away from it.
    keyGenerator: (request) => (request.token ? `token ${request.token.id}` : `address ${request.ip}`),
    errorResponseBuilder: (_request, { max, after }) =>
      tooMany(`More than ${max} requests a minute; again in ${after}.`),
  });
  const failures = server.createRateLimit({
    max: perMinute.failedTokens,
    timeWindow: 60_000,
    keyGenerator: (request) => `failed ${request.ip}`,
  });

  const redeems = server.createRateLimit({
    max: perMinute.codes,
    timeWindow: 60_000,
    keyGenerator: (request) => `code ${request.ip}`,
  });

  server.decorateRequest('token', undefined);
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    const refusal = refuse(cloud, request.raw);
    if (refusal) return send(reply, 403, refusal);
    // Forms would be read to their end by tRPC, without the limit that JSON has.
    const type = request.headers['content-type'];
    if (type !== undefined && !/^application\/json\s*(;|$)/i.test(type)) {
      return send(reply, 415, clientProblem(415, 'Bodies are application/json.'));
    }
    const value = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (value === undefined) return;
    request.token = await verifyToken(cloud, value);
    if (request.token) return;
    const limit = await failures(request);
    if (!limit.isAllowed && limit.isExceeded) {
      reply.header('retry-after', limit.ttlInSeconds);
      return send(reply, 429, clientProblem(429, 'Too many tokens that are not valid came from this address.'));
    }
    await denials.record(`unknown from ${request.ip}`, 'a token that is not valid');
  });
  server.addHook('preParsing', async (_request, _reply, payload) => utf8Only(payload));
  // Public as the manifest's language is: editors other than ours ask for it without a token.
  // Made once: whoever asks again and again costs nothing.
  let schema: Promise<string> | undefined;
  server.get('/schema/cloud_manifest.json', async (_request, reply) => {
    schema ??= import('minicloud-shared/manifest/json-schema').then(({ manifestJsonSchema }) =>
      JSON.stringify(manifestJsonSchema()),
    );
    return reply.type('application/schema+json').send(await schema);
  });
  server.get('/health', async () => ({ status: 'ok', version: cloud.version }));

  const createContext = ({ req, res }: { req: FastifyRequest; res: FastifyReply }): Context => {
    const closed = new AbortController();
    res.raw.on('close', () => closed.abort(new DOMException('The client went away', 'AbortError')));
    const { token } = req;
    const attempt = async () => {
      const limit = await redeems(req);
      if (limit.isAllowed || !limit.isExceeded) return;
      res.header('retry-after', limit.ttlInSeconds);
      throw new ProblemError(clientProblem(429, 'Too many codes were tried from this address.'));
    };
    const principal = token && principalOf(token);
    return { cloud, principal, token, signal: closed.signal, denials, once, address: req.ip, attempt };
  };
  await server.register(fastifyTRPCPlugin, {
    prefix: '/trpc',
    trpcOptions: {
      router: appRouter,
      createContext,
      maxBatchSize: mostBatched,
      // Refused before a procedure is known, tRPC would say that its JSON is plain text.
      responseMeta: ({ errors }) => (errors.length > 0 ? { headers: { 'content-type': 'application/json' } } : {}),
      onError: ({ error, path }) => {
        if (error.code === 'INTERNAL_SERVER_ERROR') unexpected(cloud, error, path);
      },
    } satisfies FastifyTRPCPluginOptions<AppRouter>['trpcOptions'],
  });

  serveMcp(server, { context: createContext, headers: securityHeaders, mostBatched });
  serveSockets(server, cloud, { refuse: (request) => refuse(cloud, request), denials });

  server.setNotFoundHandler({ preHandler: server.rateLimit() }, async (_request, reply) =>
    send(reply, 404, clientProblem(404, 'There is nothing at this path.')),
  );
  return server;
}

function unexpected(cloud: Cloud, error: Error, path: string | undefined): void {
  const { cause } = error;
  const stack = (cause instanceof Error ? cause.stack : undefined) ?? error.stack ?? error.message;
  cloud.log.error('a request failed unexpectedly', { path, reference: referenceOf(error), error: stack });
}

/** Why a request may not even be looked at: a name that is not ours, a page of another origin. */
function refuse(cloud: Cloud, request: IncomingMessage): Problem | undefined {
  const { host } = request.headers;
  const refusal = hostRefusal(host, cloud.config, request.socket);
  if (refusal) return refusal;
  const { origin } = request.headers;
  if (origin !== undefined && origin !== `http://${host}` && !origin.startsWith('vscode-webview://')) {
    return clientProblem(403, 'Pages of other origins may not use the API.');
  }
  return undefined;
}

async function send(reply: FastifyReply, status: number, problem: Problem): Promise<void> {
  await reply.code(status).headers(securityHeaders).type('application/json').send(errorBody(status, problem));
}

const unreadable: Record<string, { status: number; reason: string; why: string }> = {
  HPE_HEADER_OVERFLOW: { status: 431, reason: 'Request Header Fields Too Large', why: 'Its headers are too large.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, reason: 'Request Timeout', why: 'It did not arrive in time.' },
};

/** What can't be read as HTTP gets an answer of the same form, written by hand because there is no request. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  const { status, reason, why } = unreadable[error.code ?? ''] ?? {
    status: 400,
    reason: 'Bad Request',
    why: 'It is not HTTP.',
  };
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const body = JSON.stringify(errorBody(status, clientProblem(status, why)));
  const headers = {
    ...securityHeaders,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}

function tooMany(why: string) {
  const problem = clientProblem(429, why);
  return Object.assign(new Error(problem.what), { statusCode: 429, problem });
}
