/** Starts the programs that the harness needs: argv lists only, each with a deadline, none outliving the harness. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Finished {
  /** -1 when it could not be started, 128 + n when a signal ended it. */
  code: number;
  output: string;
}

const running = new Set<ChildProcess>();

/**
 * Runs a program to its end. Output of both streams goes line by line to `onLine` and, at most the last 200 kB of it,
 * into the result. A program that passes `timeoutMs` is killed with everything it started.
 */
export function run(
  argv: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeoutMs: number; onLine?: (line: string) => void },
): Promise<Finished> {
  const [file = '', ...args] = argv;
  return new Promise((resolve) => {
    // A process group of its own: Ctrl-C reaches the harness alone, which then ends the group in order.
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    running.add(child);
    let output = '';
    const take = (line: string) => {
      output = `${output}${line}\n`.slice(-200_000);
      options.onLine?.(line);
    };
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', take);
    const timer = setTimeout(() => {
      take(`${file} took longer than ${options.timeoutMs / 1000} s and was ended`);
      endGroup(child, 'SIGKILL');
    }, options.timeoutMs);
    const done = (code: number) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code, output });
    };
    child.on('error', (error) => {
      take(`${file} could not be started: ${error.message}`);
      done(-1);
    });
    child.on('close', (code, signal) => done(code ?? (signal === 'SIGKILL' ? 137 : 143)));
  });
}

/** Runs a program that must succeed; an error with the end of its output otherwise. */
export async function must(argv: readonly string[], timeoutMs = 30_000, env?: NodeJS.ProcessEnv): Promise<string> {
  const finished = await run(argv, { timeoutMs, ...(env ? { env } : {}) });
  if (finished.code === 0) return finished.output;
  throw new Error(`${argv.join(' ')} ended with ${finished.code}:\n${finished.output.trim().slice(-2000)}`);
}

/** Ends everything that `run` has started by now and that still runs. */
export async function endAll(): Promise<void> {
  const targets = [...running];
  for (const child of targets) endGroup(child, 'SIGTERM');
  const left = () => targets.filter((child) => running.has(child));
  const deadline = Date.now() + 5000;
  while (left().length > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  for (const child of left()) endGroup(child, 'SIGKILL');
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}
