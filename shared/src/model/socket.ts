/**
 * Sockets of terminals and forwards: one protocol for both.
 *
 * A client asks by tRPC for a ticket, then opens a WebSocket at the path with two subprotocols: `socketProtocol` and
 * `ticketProtocol(ticket)`. So neither token nor ticket is ever in a URL, and clients that can set no headers can do
 * it too. Binary messages are bytes, text messages are control messages as JSON.
 */
import * as z from 'zod';

export const socketProtocol = 'minicloud.v1';
export const socketPaths = { terminal: '/terminals', forward: '/forwards' } as const;

/** Second subprotocol that a client offers; the server never repeats it. */
export function ticketProtocol(ticket: string): string {
  return `ticket.${ticket}`;
}

/** What opens one socket, once, soon. */
export const ticketSchema = z.object({
  ticket: z.string(),
  /** Path of the socket: `/terminals`. */
  path: z.string(),
  /** Milliseconds since the epoch. */
  expiresAt: z.number(),
});
export type Ticket = z.infer<typeof ticketSchema>;
