import { findCommand } from '../arguments.ts';
import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { commandHelp, overview } from '../help.ts';

export const help: Command = {
  name: 'help',
  summary: 'show all commands, or one of them',
  positionals: [{ name: 'COMMAND', required: false, complete: 'command' }],
  options: {},
  details: [],
  json: '{ commands: { name, summary, positionals, options, json }[] }',
  async run(context) {
    const [name] = context.args.positionals;
    const chosen = name === undefined ? context.commands : [findCommand(name, context.commands)];
    const [only] = chosen;
    if (context.json)
      context.out.json({
        commands: chosen.map(({ name, summary, positionals, options, json }) => ({
          name,
          summary,
          positionals,
          options,
          json,
        })),
      });
    else if (name !== undefined && only) context.out.print(...commandHelp(only, context.out.columns));
    else context.out.print(...overview(context.commands, context.out.columns));
    return exitCodes.ok;
  },
};
