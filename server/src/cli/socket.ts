/** The client's end of terminals and forwards: a WebSocket that a ticket opens. */
import { describeError } from 'minicloud-shared/client/describe-error';
import { openTicketSocket } from 'minicloud-shared/client/ticket-socket';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { Ticket } from 'minicloud-shared/model/socket';
import type { WebSocket } from 'ws';

export interface Socket {
  /** What the server sends, at the pace of the reader; ends with the socket. */
  readonly messages: AsyncIterable<{ bytes: Buffer } | { text: string }>;
  /** Resolves when it is on its way. */
  send(data: Uint8Array): Promise<void>;
  tell(message: object): void;
  close(): void;
}

/** What the server may send ahead of a slow reader. */
const mostAhead = 256 * 1024;

/** Throws `not_available` when it can't be opened. */
export async function openSocket(url: string, ticket: Ticket): Promise<Socket> {
  const { WebSocket } = await import('ws');
  const socket = openTicketSocket(WebSocket, { url }, ticket);
  const messages = receive(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.on('error', (error) => reject(notOpened(url, error)));
  });
  return {
    messages,
    send: (data) =>
      new Promise((resolve) => {
        // That the server went is told by the end of the messages.
        socket.send(data, () => resolve());
      }),
    tell: (message) => socket.send(JSON.stringify(message), () => {}),
    close: () => socket.close(),
  };
}

/** Listens from now on, whenever it is read. */
function receive(socket: WebSocket): AsyncIterable<{ bytes: Buffer } | { text: string }> {
  const queue: { data: Buffer; binary: boolean }[] = [];
  let ahead = 0;
  let over = false;
  let wake = () => {};
  socket.on('message', (data: Buffer, binary) => {
    queue.push({ data, binary });
    ahead += data.length;
    if (ahead > mostAhead) socket.pause();
    wake();
  });
  socket.on('close', () => {
    over = true;
    wake();
  });
  async function* messages() {
    for (;;) {
      const next = queue.shift();
      if (next) {
        ahead -= next.data.length;
        if (ahead <= mostAhead && socket.isPaused) socket.resume();
        yield next.binary ? { bytes: next.data } : { text: next.data.toString('utf8') };
      } else if (over) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }
  return messages();
}

function notOpened(url: string, cause: Error): ProblemError {
  return new ProblemError(
    {
      code: 'not_available',
      what: 'The connection was not made',
      object: url,
      why: describeError(cause).why,
      remedy: 'Try again; if it stays, look at `minicloud status`.',
    },
    { cause },
  );
}
