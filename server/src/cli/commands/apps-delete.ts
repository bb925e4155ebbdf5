import { usage } from '../arguments.ts';
import type { Command } from '../command.ts';
import { conduct, settle } from '../conduct.ts';
import { exitCodes } from '../exit-codes.ts';

export const appsDelete: Command = {
  name: 'apps:delete',
  finishes: true,
  summary: 'delete an app; its data is kept for seven days',
  positionals: [{ name: 'NAME', required: true, complete: 'app' }],
  options: {
    confirm: { type: 'string', value: 'NAME', complete: 'app', help: 'the name once more, in place of the question' },
  },
  details: [
    'Its containers, routes, network and names go. Its volumes and databases are kept for seven days: `apps:deleted` lists them, `apps:restore` brings them back. Then they are removed.',
    'Ctrl-C only stops watching: a deletion that has begun is finished.',
  ],
  json: '{ operation: Operation } when it has ended',
  examples: ['minicloud apps:delete shop --confirm shop'],
  async run(context) {
    const [name = ''] = context.args.positionals;
    const given = context.args.text('confirm');
    if (given === undefined && !context.interactive)
      throw usage(appsDelete, '--confirm', `Repeat the name to confirm: --confirm ${name}`);
    const api = await context.api();
    if (given === undefined) await api.apps.get.query({ name });
    const confirm = given ?? (await context.ask(`Type ${name} to delete it: `));
    if (confirm !== name) {
      if (given !== undefined) throw usage(appsDelete, `--confirm ${given}`, `It is not the name of the app, ${name}.`);
      context.err.print(['That is not its name. Nothing was changed.']);
      return exitCodes.interrupted;
    }
    const outcome = await conduct(context, api, {
      start: async (idempotencyKey) => ({
        ...(await api.apps.delete.mutate({ name, confirm, idempotencyKey })),
        app: name,
      }),
      interrupt: 'leave',
    });
    if (context.json) context.out.json({ operation: outcome.operation });
    const code = settle(context, outcome);
    if (code === exitCodes.ok && !context.json)
      context.out.print([
        `${name} is deleted. Its data is kept for seven days; \`minicloud apps:restore ${name}\` brings it back.`,
      ]);
    return code;
  },
};
