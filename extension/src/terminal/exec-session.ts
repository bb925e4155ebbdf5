/** A program in a replica with a terminal at it: bytes over a WebSocket. Opened anew, it is a new one. */
import type { Problem } from 'minicloud-shared/model/problem';
import type { Ticket } from 'minicloud-shared/model/socket';
import type { TerminalReply, TerminalSize } from 'minicloud-shared/model/terminal';
import type { WebSocket } from 'ws';
import { bytesOf, controlMessage } from '../servers/control.ts';
import type { Translate } from '../translate.ts';

export interface ExecSessionOptions {
  /** Asks the server for a ticket; fails with what `problem` can tell. */
  ticket(size: TerminalSize): Promise<Ticket>;
  socket(ticket: Ticket): Promise<WebSocket>;
  problem(error: unknown): Problem;
  /** Text for the screen, escape sequences and all. */
  write(text: string): void;
  /** The person is done with the terminal. */
  closed(): void;
  t: Translate;
}

export interface ExecSession {
  start(size: TerminalSize): Promise<void>;
  input(text: string): void;
  resize(size: TerminalSize): void;
  /** Ends the program too: the server does when its socket goes. */
  end(): void;
}

const dim = (text: string): string => `\u001b[2m${text}\u001b[0m`;
const closedNormally = 1000;

export function createExecSession(options: ExecSessionOptions): ExecSession {
  const { t } = options;
  // Streaming: a character may be cut in two by the end of a message.
  const decoder = new TextDecoder();
  let socket: WebSocket | undefined;
  let wanted: TerminalSize = { cols: 80, rows: 24 };
  /** The program is over: the next key closes the terminal. */
  let over = false;

  const finish = (...lines: string[]): void => {
    if (over) return;
    over = true;
    socket?.close();
    const told = [...lines, t('Press any key to close.')].map(dim).join('\r\n');
    options.write(`${decoder.decode()}\r\n${told}\r\n`);
  };
  const fail = ({ what, why, still, remedy }: Problem): void =>
    finish(...[`${what}: ${why}`, still, remedy].filter(Boolean));
  const send = (message: object | Buffer): void => {
    if (socket === undefined || socket.readyState !== socket.OPEN) return;
    if (Buffer.isBuffer(message)) socket.send(message, { binary: true });
    else socket.send(JSON.stringify(message));
  };

  function follow(opened: WebSocket, asked: TerminalSize): void {
    opened.on('open', () => {
      // The window may have been made larger since the ticket was asked for.
      if (wanted !== asked) send({ type: 'resize', ...wanted });
    });
    opened.on('message', (data, isBinary) => {
      const bytes = bytesOf(data);
      if (isBinary) {
        if (!over) options.write(decoder.decode(bytes, { stream: true }));
        return;
      }
      const reply = controlMessage<TerminalReply>(bytes, ['exit', 'problem']);
      if (reply?.type === 'exit') finish(t('Ended with exit code {0}.', reply.code));
      else if (reply) fail(reply.problem);
    });
    opened.on('error', (error) => fail(options.problem(error)));
    opened.on('close', (code) =>
      finish(
        code === closedNormally
          ? t('The server closed the terminal.')
          : t('The connection was lost, and with it the program. Open a new terminal to go on.'),
      ),
    );
  }

  return {
    async start(size) {
      wanted = size;
      try {
        const ticket = await options.ticket(size);
        if (over) return;
        const opened = await options.socket(ticket);
        socket = opened;
        follow(opened, size);
        // Closed meanwhile: nobody is there who would end it.
        if (over) opened.close();
      } catch (error) {
        fail(options.problem(error));
      }
    },
    input(text) {
      if (over) options.closed();
      else send(Buffer.from(text, 'utf8'));
    },
    resize(size) {
      wanted = size;
      send({ type: 'resize', ...size });
    },
    end() {
      over = true;
      socket?.close();
    },
  };
}
