/** Asking before something happens. */
import { usage } from './arguments.ts';
import type { Command, Context, Option } from './command.ts';

export const yesOption: Option = { type: 'boolean', short: 'y', help: 'do not ask' };

/** True when the person agreed or --yes was given. Throws `UsageProblem` when there is nobody to ask. */
export async function confirm(context: Context, command: Pick<Command, 'name'>, question: string): Promise<boolean> {
  if (context.args.has('yes')) return true;
  if (!context.interactive) {
    throw usage(command, '--yes', 'There is no terminal to ask at, so that this has to be said beforehand.');
  }
  const answer = await context.ask(`${question} [y/N] `);
  return /^y(es)?$/i.test(answer);
}
