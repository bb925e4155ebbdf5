/**
 * A gate before a server: the network between it and an editor, which can be cut, and the other version that it could
 * be, by changing what it answers.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** Gets the data of an answer and tells what to answer instead. `procedure` is such as `apps.list`. */
export type Change = (procedure: string, data: unknown) => unknown;

export interface Gate {
  readonly url: string;
  /** Undefined passes everything on as it is. */
  change(change: Change | undefined): void;
  /** Cuts every connection; nobody listens at the address until `open`. */
  cut(): Promise<void>;
  open(): Promise<void>;
}

/** Stands before the server at `target` until `cut`. Its port stays the same. */
export async function startGate(target: string): Promise<Gate> {
  const sockets = new Set<Socket>();
  let changing: Change | undefined;
  const server = createServer((asked, answer) => pass(target, asked, answer, () => changing));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const listen = (port: number): Promise<void> => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    change(change) {
      changing = change;
    },
    cut: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
    open: () => listen(port),
  };
}

function pass(
  target: string,
  asked: IncomingMessage,
  answer: ServerResponse,
  changing: () => Change | undefined,
): void {
  const onwards = request(
    `${target}${asked.url}`,
    { method: asked.method, headers: { ...asked.headers, 'accept-encoding': 'identity' }, agent: false },
    (from) => {
      const procedure = new URL(`${target}${asked.url}`).pathname.replace('/trpc/', '');
      const { 'content-length': _, 'transfer-encoding': __, ...headers } = from.headers;
      answer.writeHead(from.statusCode ?? 502, headers);
      // Unchanged blocks of an event stream are whole already; other answers are read to their end.
      const stream = from.headers['content-type']?.startsWith('text/event-stream') === true;
      let text = '';
      from.setEncoding('utf8');
      from.on('data', (chunk: string) => {
        text += chunk;
        if (!stream) return;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) answer.write(`${changedBlock(block, procedure, changing())}\n\n`);
      });
      from.on('end', () => answer.end(stream ? text : changedAnswer(text, procedure, changing())));
      from.on('error', () => answer.destroy());
    },
  );
  onwards.on('error', () => answer.destroy());
  answer.on('close', () => onwards.destroy());
  asked.pipe(onwards);
}

function changedAnswer(text: string, procedure: string, change: Change | undefined): string {
  if (!change || !text.startsWith('{')) return text;
  const envelope = JSON.parse(text) as { result?: { data: unknown } };
  if (!envelope.result) return text;
  return JSON.stringify({ result: { ...envelope.result, data: change(procedure, envelope.result.data) } });
}

function changedBlock(block: string, procedure: string, change: Change | undefined): string {
  const found = /^data: (\{.*)$/m.exec(block);
  if (!change || !found?.[1]) return block;
  return block.replace(found[0], () => `data: ${JSON.stringify(change(procedure, JSON.parse(found[1] ?? '')))}`);
}
