import { once } from 'node:events';
import { type Socket as Connection, createServer, type Server } from 'node:net';
import { describeError } from 'minicloud-shared/client/describe-error';
import type { ForwardTarget } from 'minicloud-shared/model/forward';
import { ProblemError } from 'minicloud-shared/model/problem';
import type { Api } from '../api.ts';
import { usage } from '../arguments.ts';
import type { Command } from '../command.ts';
import { Interrupted } from '../exit-codes.ts';
import { openSocket, type Socket } from '../socket.ts';
import { styled } from '../text.ts';

export const forward: Command = {
  name: 'forward',
  summary: 'reach a port of an app or its database from here',
  positionals: [
    { name: 'NAME', required: true, complete: 'app' },
    { name: '[PROCESS|SERVICE]:PORT', required: false, complete: 'none' },
  ],
  options: {
    local: { type: 'string', short: 'l', value: 'PORT', complete: 'none', help: 'port here (the same, or a free one)' },
  },
  details: [
    'Listens at 127.0.0.1 until Ctrl-C, and carries every connection into the app’s own network.',
    'Without a port, the first that the app exposes; `mariadb` alone is the port of its database.',
  ],
  json: 'one object, once it listens: { app, target, port, address, url }',
  examples: [
    'minicloud forward shop',
    'minicloud forward shop mariadb',
    'minicloud forward shop worker:9229 --local 9229',
  ],
  async run(context) {
    const { args, out, err, json } = context;
    const [app = '', wanted] = args.positionals;
    const api = await context.api();
    const { target, port, urlTemplate } = chooseTarget(app, wanted, await api.forwards.targets.query({ app }));
    const { url } = await context.target();
    // Once before anybody connects: what can't be forwarded is said here and not in a log.
    await api.forwards.open.mutate({ app, target, port });
    const told = new Set<string>();
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (connection) => {
      carry(api, url, { app, target, port }, connection).catch((error) => {
        connection.destroy();
        const { what, why } = describeError(error, url);
        // A browser tries again and again.
        if (!told.has(why)) err.print([styled('yellow', `${what}: ${why}`)]);
        told.add(why);
      });
    });
    const local = await listen(server, args.text('local'), port);
    const address = `127.0.0.1:${local}`;
    const link = urlTemplate.replaceAll('{port}', String(local));
    if (json) out.json({ app, target, port, address, url: link }, true);
    else {
      out.print([`${link}  →  ${target}:${port} of ${app}`]);
      err.print(['Ctrl-C ends it.']);
    }
    await new Promise<void>((resolve) => context.onInterrupt(resolve));
    server.close();
    throw new Interrupted([]);
  },
};

interface Chosen {
  target: string;
  port: number;
  urlTemplate: string;
}

/** What `shop`, `shop mariadb`, `shop :3000` and `shop worker:9229` mean. */
export function chooseTarget(app: string, wanted: string | undefined, targets: readonly ForwardTarget[]): Chosen {
  const [, name = '', number] = /^([^:]*)(?::(\d{1,5}))?$/.exec(wanted ?? '') ?? [];
  const port = number === undefined ? undefined : Number(number);
  if (
    (wanted !== undefined && name === '' && port === undefined) ||
    (port !== undefined && (port < 1 || port > 65_535))
  )
    throw usage(forward, wanted ?? '', 'It is a name, a port after a colon, or both.');
  const named =
    name === ''
      ? (targets.find(({ ports }) => ports.length > 0) ?? targets[0])
      : targets.find(({ target }) => target === name);
  const known = targets.map(({ target, ports }) => (ports[0] ? `${target}:${ports[0].port}` : target)).join(', ');
  if (!named) {
    throw new ProblemError({
      code: 'not_found',
      what: 'There is nothing to forward to',
      object: `${wanted ?? 'any port'} of ${app}`,
      why: known === '' ? 'No release of this app serves yet.' : `The app has ${known}.`,
      remedy: known === '' ? 'Deploy it first.' : 'Choose one of these.',
    });
  }
  const chosen = port ?? named.ports[0]?.port;
  if (chosen === undefined)
    throw usage(forward, named.target, `It exposes no port; give one, as in ${named.target}:5432.`);
  const urlTemplate = named.ports.find((each) => each.port === chosen)?.urlTemplate ?? '127.0.0.1:{port}';
  return { target: named.target, port: chosen, urlTemplate };
}

/** The port that was asked for, or the same as there, or else a free one. */
async function listen(server: Server, asked: string | undefined, port: number): Promise<number> {
  if (asked !== undefined && !/^[1-9]\d{0,4}$/.test(asked)) throw usage(forward, `--local ${asked}`, 'It is a port.');
  for (const local of asked === undefined ? [port, 0] : [Number(asked)]) {
    try {
      server.listen(local, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      return typeof address === 'object' && address ? address.port : local;
    } catch (cause) {
      if (local !== 0 && asked === undefined) continue;
      throw new ProblemError(
        {
          code: 'port_taken',
          what: 'The port can not be listened on',
          object: `127.0.0.1:${local}`,
          why: cause instanceof Error ? cause.message : String(cause),
          remedy: 'Choose another one with --local, or leave it out to get a free one.',
        },
        { cause },
      );
    }
  }
  throw new TypeError('no port was tried');
}

async function carry(
  api: Api,
  url: string,
  where: { app: string; target: string; port: number },
  connection: Connection,
): Promise<void> {
  // Errors of a connection end it; they are nobody's concern but the program's that made it.
  connection.on('error', () => connection.destroy());
  const socket = await openSocket(url, await api.forwards.open.mutate(where));
  connection.on('close', () => socket.close());
  if (connection.destroyed) return socket.close();
  const up = send(connection, socket);
  const { forwardReply } = await import('../replies.ts');
  for await (const message of socket.messages) {
    if ('bytes' in message) await write(connection, message.bytes);
    else {
      const reply = forwardReply(message.text);
      if (reply?.type === 'problem') throw new ProblemError(reply.problem);
      if (reply?.type === 'end') connection.end();
    }
  }
  connection.destroySoon();
  await up;
}

async function send(connection: Connection, socket: Socket): Promise<void> {
  try {
    for await (const data of connection as AsyncIterable<Buffer>) await socket.send(data);
    socket.tell({ type: 'end' });
  } catch {
    socket.close();
  }
}

function write(connection: Connection, data: Buffer): Promise<void> {
  return new Promise((resolve) => {
    connection.write(data, () => resolve());
  });
}
