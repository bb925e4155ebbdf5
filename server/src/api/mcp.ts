/**
 * The Model Context Protocol at `/mcp`: streamable HTTP without sessions, by the same tokens as everything else. Each
 * request stands alone, so there is nothing to keep and nothing to forget.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from 'minicloud-shared/model/problem';
import { clientProblem, errorBody } from './problems.ts';
import type { Context } from './trpc.ts';

export interface McpOptions {
  /** The world of one request, as procedures see it. */
  context: (request: { req: FastifyRequest; res: FastifyReply }) => Context;
  headers: Record<string, string>;
  /** Calls that one request may hold: it is counted as one. */
  mostBatched: number;
}

/** Adds the routes. The protocol itself is loaded with the first request of somebody who may ask. */
export function serveMcp(server: FastifyInstance, { context, headers, mostBatched }: McpOptions): void {
  const refuse = (reply: FastifyReply, status: number, problem: Problem, more: Record<string, string>) =>
    reply.code(status).headers(more).type('application/json').send(errorBody(status, problem));

  server.post('/mcp', async (request, reply) => {
    if (!request.token) return refuse(reply, 401, unauthorized, { 'www-authenticate': 'Bearer' });
    if (Array.isArray(request.body) && request.body.length > mostBatched)
      return refuse(reply, 413, clientProblem(413, `At most ${mostBatched} calls in a request.`), {});
    const { answerMcp } = await import('./mcp-server.ts');
    const asked = context({ req: request, res: reply });
    // From here on the protocol's own transport answers.
    reply.hijack();
    for (const [name, value] of Object.entries(headers)) reply.raw.setHeader(name, value);
    await answerMcp(asked, request.raw as IncomingMessage, reply.raw, request.body);
  });
  for (const method of ['GET', 'DELETE'] as const) {
    server.route({
      method,
      url: '/mcp',
      handler: (_request, reply) =>
        // Streams from the server and sessions, which there are not (streamable HTTP, 2.1.3 and 2.5).
        refuse(reply, 405, clientProblem(405, 'There are no sessions; each request is a POST.'), { allow: 'POST' }),
    });
  }
}

const unauthorized: Problem = {
  code: 'unauthorized',
  what: 'This was refused',
  object: '/mcp',
  why: 'No valid token came with the request.',
  still: 'Nothing was changed.',
  remedy: 'Send a token of this server in the header Authorization; see `minicloud tokens:create`.',
  evidence: [],
};
