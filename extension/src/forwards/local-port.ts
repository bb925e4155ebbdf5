/** A listening port of this machine. 127.0.0.1 and nothing else: what it leads to is nobody else's business. */
import { createServer, type Server as NetServer, type Socket } from 'node:net';

export interface LocalPort {
  readonly port: number;
  /** Ends the port and every connection through it. */
  close(): void;
}

const highest = 65_535;
/** Ports above the wanted one that are tried. */
const tried = 50;
const notOurs = new Set(['EADDRINUSE', 'EACCES']);

/** Listens at `wanted`, or at the next port that is free. Connections may end one direction before the other. */
export async function openLocalPort(wanted: number, connected: (socket: Socket) => void): Promise<LocalPort> {
  for (let port = wanted; port < wanted + tried && port <= highest; port += 1) {
    try {
      return await listen(port, connected);
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }
  return listen(0, connected);
}

/** The port that `openLocalPort` would open now. */
export async function freePort(wanted: number): Promise<number> {
  const { port, close } = await openLocalPort(wanted, () => {});
  close();
  return port;
}

async function listen(port: number, connected: (socket: Socket) => void): Promise<LocalPort> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Who joins it sets more; without any, a reset would end the editor's extension host.
    socket.on('error', () => {});
    connected(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, resolve);
  });
  return {
    port: portOf(server),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function portOf(server: NetServer): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the port is not listening');
  return address.port;
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && notOurs.has(String(error.code));
}
