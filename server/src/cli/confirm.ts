/** Asking before something happens. */
import { usage } from './arguments.ts';
import type { Command, Context, Option } from './command.ts';

export const yesOption: Option = { type: 'boolean', short: 'y', help: 'do not ask' };

/** Throws `UsageProblem` when there is nobody to ask and --yes was not given. Called before any work is done. */
export function mustBeAskable(context: Context, command: Pick<Command, 'name'>): void {
  if (context.args.has('yes') || context.interactive) return;
  throw usage(command, '--yes', 'There is no terminal to ask at, so that this has to be said beforehand.');
}

/** True when the person agreed or --yes was given. */
export async function confirm(context: Context, question: string): Promise<boolean> {
  if (context.args.has('yes')) return true;
  const answer = await context.ask(`${question} [y/N] `);
  return /^y(es)?$/i.test(answer);
}
