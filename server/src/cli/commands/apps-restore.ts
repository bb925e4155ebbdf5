import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';

export const appsRestore: Command = {
  name: 'apps:restore',
  summary: 'bring a deleted app back, with its data',
  positionals: [{ name: 'NAME', required: true, complete: 'none' }],
  options: { id: { type: 'string', value: 'ID', help: 'which one, where several of that name were deleted' } },
  details: [
    'Within seven days after it was deleted. It has its volumes and databases again; nothing of it runs until it is deployed.',
  ],
  json: '{ app: DeletedApp } as it was in the trash',
  examples: ['minicloud apps:restore shop'],
  async run(context) {
    const [name = ''] = context.args.positionals;
    const id = context.args.text('id');
    const app = await (await context.api()).apps.restore.mutate({ name, ...(id === undefined ? {} : { id }) });
    if (context.json) context.out.json({ app });
    else
      context.out.print([
        `${name} is back with its data. Deploy it to have it run: \`minicloud deploy\` in its folder.`,
      ]);
    return exitCodes.ok;
  },
};
