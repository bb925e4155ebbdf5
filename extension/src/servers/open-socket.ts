import type { Ticket } from 'minicloud-shared/model/socket';
import type { WebSocket } from 'ws';
import type { Server } from './server.ts';

/** Opens the socket that a ticket is for. */
export async function openSocket(server: Pick<Server, 'url' | 'ca'>, ticket: Ticket): Promise<WebSocket> {
  const { connectSocket } = await import('./socket.ts');
  return connectSocket(server, ticket);
}
