/** Entry of the language server's process: standard LSP over Node IPC, or over stdio when nothing else is said. */
import './lean.ts';
import {
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import { connectionOptions } from './connection-options.ts';
import { serve } from './serve.ts';

/** The interval at which a parent's death is looked for: an IPC channel or pipe that closes tells it sooner. */
const parentWatchMs = 3_000;

serve(connect(), {
  initialized(processId) {
    if (processId !== null) setInterval(() => isAlive(processId) || process.exit(1), parentWatchMs).unref();
  },
  exit: (orderly) => process.exit(orderly ? 0 : 1),
});

// Over IPC, the editor's end is told by the channel and not by a stream.
process.on('disconnect', () => process.exit(1));

function connect(): MessageConnection {
  const [reader, writer] = process.argv.includes('--node-ipc')
    ? [new IPCMessageReader(process), new IPCMessageWriter(process)]
    : [new StreamMessageReader(process.stdin), new StreamMessageWriter(process.stdout)];
  // On standard output there are messages and nothing else.
  const log = (text: string): void => console.error(text);
  return createMessageConnection(reader, writer, { error: log, warn: log, info: log, log }, connectionOptions);
}

/** True also when the process is there and belongs to somebody else. */
function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
