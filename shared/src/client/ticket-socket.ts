/** Both ends of the sockets that tickets open (`model/socket.ts`), as far as client and server do the same. */
import { socketProtocol, type Ticket, ticketProtocol } from '../model/socket.ts';

/** The part of a WebSocket of the package `ws` that is needed here. */
export interface LiveSocket {
  readonly isPaused: boolean;
  readonly readyState: number;
  readonly OPEN: number;
  ping(): void;
  terminate(): void;
  on(event: 'pong' | 'close', listener: () => void): unknown;
}

export interface ClientOptions {
  handshakeTimeout: number;
  maxPayload: number;
  perMessageDeflate: false;
  followRedirects: false;
  ca?: string;
}

/** Longest wait for a socket to open, ms. */
const openMs = 10_000;
/** Most bytes of one message: more than any that a server sends. */
const mostBytes = 4 * 1024 * 1024;
/** A connection that died without a word is noticed within two of these, ms. */
const pingMs = 20_000;

/**
 * Opens the socket that a ticket is for, by the class `WebSocket` of the package `ws`, which callers load when they
 * first need it. The ticket is in a header and never in the address, which gets logged.
 */
export function openTicketSocket<Socket extends LiveSocket>(
  WebSocket: new (address: URL, protocols: string[], options: ClientOptions) => Socket,
  { url, ca }: { url: string; ca?: string | undefined },
  { path, ticket }: Pick<Ticket, 'path' | 'ticket'>,
): Socket {
  const address = new URL(path, url);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(address, [socketProtocol, ticketProtocol(ticket)], {
    handshakeTimeout: openMs,
    maxPayload: mostBytes,
    // Compressing every message costs memory and saves little next door.
    perMessageDeflate: false,
    followRedirects: false,
    ...(ca ? { ca } : {}),
  });
  keepAlive(socket, pingMs);
  return socket;
}

/**
 * Cuts a connection whose other end vanished without a word, within two `intervalMs`. One that is held back by a slow
 * reader can't hear the answer, and is left alone. Ends with the socket.
 */
export function keepAlive(socket: LiveSocket, intervalMs: number): void {
  let answered = true;
  const timer = setInterval(() => {
    // What was asked before it was held back is answered after it.
    if (socket.isPaused) answered = true;
    else if (socket.readyState !== socket.OPEN) return;
    else if (answered) {
      answered = false;
      socket.ping();
    } else socket.terminate();
  }, intervalMs);
  socket.on('pong', () => {
    answered = true;
  });
  socket.on('close', () => clearInterval(timer));
}
