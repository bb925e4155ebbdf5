import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';

export const tokensRevoke: Command = {
  name: 'tokens:revoke',
  summary: 'end a token at once, and every connection made with it',
  positionals: [{ name: 'ID', required: true, complete: 'none' }],
  options: {},
  details: ['The id is the one that tokens lists.'],
  json: '{ revoked: string }',
  async run(context) {
    const [id = ''] = context.args.positionals;
    await (await context.api()).tokens.revoke.mutate({ id });
    if (context.json) context.out.json({ revoked: id });
    else context.out.print([`Token ${id} is revoked.`]);
    return exitCodes.ok;
  },
};
