import { ProblemError } from 'minicloud-shared/model/problem';
import { outputByte } from 'minicloud-shared/model/terminal';
import { usage } from '../arguments.ts';
import type { Command, Context } from '../command.ts';
import { openSocket, type Socket } from '../socket.ts';

export const exec: Command = {
  name: 'exec',
  summary: 'run a program in a replica, or open a shell',
  positionals: [
    { name: 'NAME', required: true, complete: 'app' },
    { name: 'ARGV', required: false, many: true, complete: 'none' },
  ],
  options: {
    process: {
      type: 'string',
      short: 'p',
      value: 'P',
      complete: 'none',
      help: 'in this process or support container (the first process)',
    },
    replica: { type: 'string', value: 'N', complete: 'none', help: 'in this replica of it (the first that runs)' },
    'no-tty': { type: 'boolean', short: 'T', help: 'without a terminal, even when this is one' },
  },
  details: [
    'Without a program a shell is opened: bash, or else sh. It runs as the replica’s own user and ends when you leave.',
    'In a pipe there is no terminal: bytes go through unchanged, and standard output and error stay apart. The exit code is the program’s.',
  ],
  json: 'nothing: what the program prints is passed on',
  examples: [
    'minicloud exec shop',
    'minicloud exec shop -p worker -- ls -la /data',
    'minicloud exec shop -- tar c /data > data.tar',
  ],
  async run(context) {
    const { args, streams } = context;
    const [app = '', ...argv] = args.positionals;
    const process = args.text('process');
    const tty = streams.terminal && !args.has('no-tty');
    const api = await context.api();
    const ticket = await api.terminals.open.mutate({
      app,
      ...(process === undefined ? {} : { process }),
      ...replicaOf(args.text('replica')),
      ...(argv.length > 0 ? { argv } : {}),
      tty,
      ...(tty ? streams.size() : {}),
    });
    const socket = await openSocket((await context.target()).url, ticket);
    return await attend(context, socket, tty);
  },
};

function replicaOf(text: string | undefined): { replica?: number } {
  if (text === undefined) return {};
  if (/^[1-9]\d{0,2}$/.test(text)) return { replica: Number(text) };
  throw usage(exec, `--replica ${text}`, 'It is a whole number from 1.');
}

/** Passes keys and bytes on until the program has ended; its exit code. */
async function attend({ streams, onInterrupt }: Context, socket: Socket, tty: boolean): Promise<number> {
  const giveBack = tty ? streams.takeKeys() : () => {};
  const offResize = tty ? streams.onResize(() => socket.tell({ type: 'resize', ...streams.size() })) : () => {};
  // Without a terminal there is no key to send: to leave is to end the program.
  const offInterrupt = onInterrupt(() => socket.close());
  void typeInto(socket, streams.input, tty);
  const { terminalReply } = await import('../replies.ts');
  try {
    for await (const message of socket.messages) {
      if ('text' in message) {
        const reply = terminalReply(message.text);
        if (reply?.type === 'exit') return reply.code;
        if (reply?.type === 'problem') throw new ProblemError(reply.problem);
      } else if (tty) await streams.write(message.bytes, 'stdout');
      else {
        const stream = message.bytes[0] === outputByte.stderr ? 'stderr' : 'stdout';
        await streams.write(message.bytes.subarray(1), stream);
      }
    }
  } finally {
    offInterrupt();
    offResize();
    giveBack();
    socket.close();
  }
  throw new ProblemError({
    code: 'interrupted',
    what: 'The connection was lost before the program ended',
    object: 'exec',
    why: 'The server closed it, or can not be reached any more.',
    still: 'The app goes on; the program that ran here is ended by the server.',
    remedy: 'Run it again.',
  });
}

async function typeInto(socket: Socket, input: AsyncIterable<Buffer>, tty: boolean): Promise<void> {
  try {
    for await (const data of input) await socket.send(Buffer.from(data));
    if (!tty) socket.tell({ type: 'end' });
  } catch {
    // The input broke off; the program's end is told by the socket.
  }
}
