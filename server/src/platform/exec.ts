/**
 * Running programs of the machine: argv only, never a shell. The one file that may import `child_process`.
 *
 * Arguments and environment of a program can be read by others on the machine; secrets go in by `stdin`.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { ProblemError } from 'minicloud-shared/model/problem';

export interface RunOptions {
  signal?: AbortSignal;
  /** Milliseconds until it is killed. */
  timeoutMs?: number;
  /** Replaces the environment; PATH and HOME are always passed on. */
  env?: Record<string, string>;
  stdin?: string | Uint8Array;
  cwd?: string;
  /** Every line as it comes, without its end. */
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Most bytes kept of each stream; what comes after is still read and passed to `onLine`. */
  maxOutputBytes?: number;
}

export interface RunResult {
  /** 128 + signal number when a signal ended it. */
  exitCode: number;
  stdout: string;
  stderr: string;
}

const defaultTimeoutMs = 60_000;
const defaultMaxOutputBytes = 4 * 1024 * 1024;
/** Between asking a program to end and ending it. */
const killGraceMs = 2_000;
const longestLine = 16 * 1024;
const signalNumbers: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/**
 * Runs a program to its end and gives what it printed; a non-zero exit is an answer, not an error.
 * Throws `not_available` when it can't be started, `timeout` after `timeoutMs` (60 s), `cancelled` by the signal.
 */
export async function runCommand(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program, ...args] = argv;
  if (!program) throw new TypeError('runCommand needs a program');
  const { signal, timeoutMs = defaultTimeoutMs, maxOutputBytes = defaultMaxOutputBytes, onLine } = options;
  if (signal?.aborted) throw cancelled(program);

  const child = spawn(program, args, {
    cwd: options.cwd,
    env: environment(options.env),
    stdio: 'pipe',
    shell: false,
    windowsHide: true,
  });
  const stdout = collect(child.stdout, maxOutputBytes, onLine && ((line) => onLine(line, 'stdout')));
  const stderr = collect(child.stderr, maxOutputBytes, onLine && ((line) => onLine(line, 'stderr')));

  return await new Promise<RunResult>((resolve, reject) => {
    let ending: ProblemError | undefined;
    let killTimer: NodeJS.Timeout | undefined;
    const end = (problem: ProblemError) => {
      if (ending) return;
      ending = problem;
      child.kill('SIGTERM');
      killTimer = setTimeout(() => child.kill('SIGKILL'), killGraceMs);
    };
    const onAbort = () => end(cancelled(program));
    const timer = setTimeout(() => end(timedOut(program, timeoutMs)), timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    const settle = () => {
      clearTimeout(timer);
      clearTimeout(killTimer);
      signal?.removeEventListener('abort', onAbort);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      settle();
      reject(notStarted(program, error));
    });
    // `exit` decides how it ended; `close` waits for output, which a grandchild may hold open after a kill.
    child.once('exit', () => {
      if (ending) setTimeout(() => destroyPipes(child), killGraceMs).unref();
    });
    child.once('close', (code, endedBy) => {
      settle();
      if (ending) return reject(ending);
      const exitCode = code ?? 128 + (endedBy ? (signalNumbers[endedBy] ?? 0) : 0);
      resolve({ exitCode, stdout: stdout(), stderr: stderr() });
    });
    feed(child, options.stdin);
  });
}

function environment(extra: Record<string, string> | undefined): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return extra ? { PATH, HOME, ...extra } : { PATH, HOME, LC_ALL: 'C.UTF-8' };
}

function feed(child: ChildProcessWithoutNullStreams, stdin: string | Uint8Array | undefined): void {
  // A program that ends without reading its input is no failure of ours.
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
}

function destroyPipes(child: ChildProcessWithoutNullStreams): void {
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
}

function collect(
  stream: NodeJS.ReadableStream,
  maxBytes: number,
  onLine: ((line: string) => void) | undefined,
): () => string {
  const chunks: Buffer[] = [];
  let kept = 0;
  let rest = '';
  const decoder = new TextDecoder();
  stream.on('data', (chunk: Buffer) => {
    if (kept < maxBytes) {
      const part = chunk.subarray(0, maxBytes - kept);
      kept += part.length;
      chunks.push(part);
    }
    if (!onLine) return;
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line.slice(0, longestLine));
    if (rest.length > longestLine) {
      onLine(rest.slice(0, longestLine));
      rest = '';
    }
  });
  stream.on('end', () => {
    if (onLine && rest) onLine(rest);
    rest = '';
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function notStarted(program: string, error: NodeJS.ErrnoException): ProblemError {
  const missing = error.code === 'ENOENT';
  return new ProblemError(
    {
      code: 'not_available',
      what: 'A program of this machine could not be started',
      object: `program ${program}`,
      why: missing ? 'It is not installed, or its working folder does not exist.' : error.message,
      remedy: missing ? `Install ${program} and try again.` : 'Look at the permissions and limits of this machine.',
    },
    { cause: error },
  );
}

function timedOut(program: string, timeoutMs: number): ProblemError {
  return new ProblemError({
    code: 'timeout',
    what: 'A program did not end in time and was ended',
    object: `program ${program}`,
    why: `It ran longer than ${timeoutMs / 1000} s.`,
    remedy: 'Try again; if it stays, look at what the machine is busy with.',
  });
}

function cancelled(program: string): ProblemError {
  return new ProblemError({
    code: 'cancelled',
    what: 'A program was ended before it was done',
    object: `program ${program}`,
    why: 'Somebody or a deadline asked for it to stop.',
    remedy: 'Start it again when you are ready.',
  });
}
