/** `minicloud`: the command line as a process. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { splitCommand } from './arguments.ts';
import { commands } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { run } from './run.ts';
import { createScreen } from './screen.ts';
import { createByteStreams } from './streams.ts';
import { createAsker, readAll } from './terminal.ts';

const argv = process.argv.slice(2);
const { name } = splitCommand(argv);
const finishes = commands.some((command) => command.name === name && command.finishes);
// A reader that went away (`minicloud logs | head`) is not a failure; what was begun is not given up for it.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    if (!finishes) process.exit(exitCodes.ok);
  });
}
const noColor = argv.includes('--no-color');
const code = await run(
  argv,
  {
    out: createScreen(process.stdout, process.env, { noColor }),
    err: createScreen(process.stderr, process.env, { noColor }),
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    now: Date.now,
    interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    ...createAsker(process.stdin, process.stderr),
    streams: createByteStreams(process.stdin, process.stdout, process.stderr),
    readInput: (maxBytes) => readAll(process.stdin, maxBytes),
    onInterrupt(handler) {
      process.on('SIGINT', handler);
      return () => process.off('SIGINT', handler);
    },
  },
  commands,
  version(),
);
// Connections that are kept open would keep the process; what was written must be out before it ends.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));

/** From the package around us, which is one folder nearer once this file is bundled. */
function version(): string {
  for (const away of ['../package.json', '../../package.json']) {
    try {
      const file = JSON.parse(readFileSync(fileURLToPath(new URL(away, import.meta.url)), 'utf8')) as Record<
        string,
        unknown
      >;
      if (file.name === 'minicloud-server') return String(file.version);
    } catch {
      // Not in this folder.
    }
  }
  return 'unknown';
}
