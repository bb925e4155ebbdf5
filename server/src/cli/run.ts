/** One run of the command line: parse, do, and say what went wrong. Resolves to the exit code and never throws. */
import type { ApiOptions } from './api.ts';
import { connect } from './api.ts';
import { parseCommandLine } from './arguments.ts';
import type { Command, Context, Io } from './command.ts';
import { type ExitCode, exitCodes, type Failure, failureOf, Interrupted } from './exit-codes.ts';
import { commandHelp } from './help.ts';
import { problemView } from './problem-view.ts';
import type { Screen } from './screen.ts';
import { findTarget, type Target } from './target.ts';
import { styled } from './text.ts';

export async function run(
  argv: readonly string[],
  io: Io,
  commands: readonly Command[],
  version: string,
): Promise<number> {
  // Known before the command line was understood, as problems with it are told in this way too.
  const json = argv.includes('--json');
  let target: Target | undefined;
  try {
    const { command, args } = parseCommandLine(argv, commands);
    if (args.has('help')) {
      io.out.print(...commandHelp(command, io.out.columns));
      return exitCodes.ok;
    }
    const findOnce = async () => {
      target ??= await findTarget({
        apiUrl: args.text('api-url'),
        env: io.env,
        cwd: io.cwd,
        home: io.home,
        warn: (line) => io.err.print([styled('yellow', 'warning  '), line]),
      });
      return target;
    };
    const context: Context = {
      ...io,
      args,
      json: args.has('json'),
      commands,
      version,
      target: findOnce,
      api: async (options?: ApiOptions) => connect(await findOnce(), options),
    };
    return await command.run(context);
  } catch (error) {
    if (error instanceof Interrupted) {
      io.err.print(...error.lines.map((line) => [line]));
      return exitCodes.interrupted;
    }
    return tell(io.err, failureOf(error, target?.url), json);
  }
}

/** The problem on standard error; the exit code that goes with it. */
export function tell(screen: Screen, { problem, code }: Failure, json: boolean): ExitCode {
  if (json) screen.json({ problem, exitCode: code }, true);
  else screen.print(...problemView(problem, screen.columns));
  return code;
}
