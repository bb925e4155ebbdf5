import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';

export const keysRotate: Command = {
  name: 'keys:rotate',
  finishes: true,
  summary: 'seal everything secret on the server with a new key, and forget the old one',
  positionals: [],
  options: {},
  details: [
    'Passwords of databases, private keys, config vars and secrets. Apps notice nothing. When the server is stopped meanwhile, its next start goes on. A copy of the home folder from before opens with the key that it holds, and with no other.',
  ],
  json: '{ values: number }',
  async run(context) {
    const { values } = await (await context.api({ patient: true })).keys.rotate.mutate();
    if (context.json) context.out.json({ values });
    else context.out.print([`Sealed anew: ${values} ${values === 1 ? 'value' : 'values'}. The old key is gone.`]);
    return exitCodes.ok;
  },
};
