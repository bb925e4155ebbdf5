import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';

export const version: Command = {
  name: 'version',
  summary: 'show the version of this command line; see status for the server',
  positionals: [],
  options: {},
  details: [],
  json: '{ version: string, node: string }',
  async run(context) {
    if (context.json) context.out.json({ version: context.version, node: process.version });
    else context.out.print([`minicloud ${context.version}`]);
    return exitCodes.ok;
  },
};
