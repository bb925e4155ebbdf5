/** WebSockets of terminals and forwards: who may open one, how much may be in it, and when it ends. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { keepAlive } from 'minicloud-shared/client/ticket-socket';
import type { Problem } from 'minicloud-shared/model/problem';
import { socketPaths, socketProtocol, ticketProtocol } from 'minicloud-shared/model/socket';
import type { WebSocket, WebSocketServer } from 'ws';
import type { Cloud } from '../context.ts';
import { runForward } from '../forwards/forwards.ts';
import type { Wire } from '../platform/wire.ts';
import { runTerminal } from '../terminals/terminals.ts';
import type { Denials } from './denials.ts';
import { clientProblem, errorBody } from './problems.ts';
import { permission } from './streams.ts';
import { type Redeemed, redeemTicket } from './tickets.ts';

/** A larger message is refused by closing the socket (1009, RFC 6455). */
const largestMessage = 1024 * 1024;
/** What a client may send ahead of a program that does not read, before the connection is held back. */
const mostAhead = 256 * 1024;
const pingMs = 30_000;
const closeMs = 3_000;
/** How long programs may take to be hung up when the companion stops. */
const settleMs = 10_000;

export interface SocketOptions {
  /** Why a request may not even be looked at. */
  refuse: (request: IncomingMessage) => Problem | undefined;
  denials: Denials;
}

/** Takes upgrades at the paths of `socketPaths`; ends them all before the server closes. */
export function serveSockets(server: FastifyInstance, cloud: Cloud, { refuse, denials }: SocketOptions): void {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let sockets: Promise<WebSocketServer> | undefined;

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const refusal = refuse(request);
    if (refusal) return answer(socket, 403, refusal);
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (!Object.values<string>(socketPaths).includes(path))
      return answer(socket, 404, clientProblem(404, 'There is no socket at this path.'));
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((word) => word.trim());
    const prefix = ticketProtocol('');
    const ticket = offered.find((word) => word.startsWith(prefix))?.slice(prefix.length);
    const redeemed = ticket === undefined ? undefined : redeemTicket(cloud, path, ticket);
    if (!redeemed || !offered.includes(socketProtocol)) {
      await denials.record(`unknown from ${request.socket.remoteAddress}`, 'a ticket that is not valid');
      return answer(socket, 401, unauthorized());
    }
    // Loaded by the first who needs it.
    sockets ??= import('ws').then(
      (ws) =>
        new ws.WebSocketServer({
          noServer: true,
          maxPayload: largestMessage,
          perMessageDeflate: false,
          handleProtocols: () => socketProtocol,
        }),
    );
    (await sockets).handleUpgrade(request, socket, head, (webSocket) => {
      const done = attend(cloud, redeemed, webSocket, stopping.signal)
        .catch((error: Error) =>
          cloud.log.error('a socket failed unexpectedly', { error: error.stack ?? error.message }),
        )
        .finally(() => running.delete(done));
      running.add(done);
    });
  };

  server.server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    upgrade(request, socket, head).catch(() => socket.destroy());
  });
  server.addHook('preClose', async () => {
    stopping.abort(new DOMException('The companion stops', 'AbortError'));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, settleMs);
    });
    await Promise.race([Promise.allSettled(running), late]);
    clearTimeout(timer);
  });
}

async function attend(cloud: Cloud, redeemed: Redeemed, socket: WebSocket, stopping: AbortSignal): Promise<void> {
  const { token } = redeemed;
  const gone = new AbortController();
  const allowed = permission(cloud, token);
  keepAlive(socket, pingMs);
  socket.on('close', () => gone.abort(new DOMException('The client went away', 'AbortError')));
  // It closes after every error; without a listener the error would end the process.
  socket.on('error', () => {});
  const wire = wireOf(socket, AbortSignal.any([gone.signal, allowed.signal, stopping]));
  try {
    if (!(await allowed.check())) return;
    if (redeemed.kind === 'terminal') await runTerminal(cloud, token.name, redeemed.grant, wire);
    else await runForward(cloud, token.name, redeemed.grant, wire);
  } finally {
    allowed.end();
    socket.close(1000);
    // One that does not answer to the close is cut.
    const cut = setTimeout(() => socket.terminate(), stopping.aborted ? 0 : closeMs);
    socket.once('close', () => clearTimeout(cut));
  }
}

function wireOf(socket: WebSocket, signal: AbortSignal): Wire {
  const queue: ({ bytes: Uint8Array } | { text: string })[] = [];
  let ahead = 0;
  let wake = () => {};
  let over = false;
  const end = () => {
    over = true;
    wake();
  };
  socket.on('close', end);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) over = true;
  socket.on('message', (data: Buffer, binary) => {
    queue.push(binary ? { bytes: data } : { text: data.toString('utf8') });
    ahead += data.length;
    if (ahead > mostAhead) socket.pause();
    wake();
  });

  async function* messages() {
    for (;;) {
      const next = queue.shift();
      if (next) {
        ahead -= 'bytes' in next ? next.bytes.length : Buffer.byteLength(next.text);
        if (ahead <= mostAhead && socket.isPaused) socket.resume();
        yield next;
        continue;
      }
      if (over) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  const send = (data: Uint8Array | string) =>
    new Promise<void>((resolve) => {
      // Called when it is on its way, or can not be any more; that the client went is told by the signal.
      if (socket.readyState === socket.OPEN) socket.send(data, () => resolve());
      else resolve();
    });
  return { messages: messages(), signal, send, tell: (message) => send(JSON.stringify(message)) };
}

function unauthorized(): Problem {
  return {
    code: 'unauthorized',
    what: 'This was refused',
    object: 'socket',
    why: 'No valid ticket came with the request: it was used, is too old, or never was.',
    still: 'Nothing was changed.',
    remedy: 'Ask for a ticket, then open the socket within seconds with the ticket as a subprotocol.',
    evidence: [],
  };
}

const reasons: Record<number, string> = { 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found' };

function answer(socket: Duplex, status: number, problem: Problem): void {
  const body = JSON.stringify(errorBody(status, problem));
  const head = [
    `HTTP/1.1 ${status} ${reasons[status]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
