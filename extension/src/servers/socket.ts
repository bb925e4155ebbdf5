/** WebSockets to a server: what terminals and port forwards run over. A bundle of its own, loaded with the first. */
import { openTicketSocket } from 'minicloud-shared/client/ticket-socket';
import type { Ticket } from 'minicloud-shared/model/socket';
import { WebSocket } from 'ws';
import type { Server } from './server.ts';

/** Opens the socket that a ticket is for. */
export const connectSocket = (server: Pick<Server, 'url' | 'ca'>, ticket: Ticket): WebSocket =>
  openTicketSocket(WebSocket, server, ticket);
