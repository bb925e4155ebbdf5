/** WebSockets to a server: what terminals and port forwards run over. A bundle of its own, loaded with the first. */
import { socketProtocol, type Ticket, ticketProtocol } from 'minicloud-shared/model/socket';
import { WebSocket } from 'ws';
import type { Server } from './server.ts';

/** Longest wait for a socket to open, ms. */
const openLimitMs = 10_000;
/** Most bytes of one message: more than any that a server sends. */
const mostBytes = 4 * 1024 * 1024;
/** A connection that died without a word is noticed within two of these, ms. */
const pingMs = 20_000;

/** Opens the socket that a ticket is for. The ticket is in a header and never in the address, which gets logged. */
export function connectSocket({ url, ca }: Pick<Server, 'url' | 'ca'>, { path, ticket }: Ticket): WebSocket {
  const address = new URL(path, url);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(address, [socketProtocol, ticketProtocol(ticket)], {
    handshakeTimeout: openLimitMs,
    maxPayload: mostBytes,
    // Compressing every message costs memory and saves little next door.
    perMessageDeflate: false,
    followRedirects: false,
    ...(ca ? { ca } : {}),
  });
  keepAlive(socket);
  return socket;
}

function keepAlive(socket: WebSocket): void {
  let answered = true;
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    // One that is held back by a slow reader answers late, and is not dead.
    if (socket.readyState !== socket.OPEN || socket.isPaused) return;
    answered = false;
    socket.ping();
  }, pingMs);
  socket.on('pong', () => {
    answered = true;
  });
  socket.on('close', () => clearInterval(timer));
}
