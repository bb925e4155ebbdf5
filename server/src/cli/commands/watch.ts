import type { Command } from '../command.ts';
import { conduct, settle } from '../conduct.ts';

export const watch: Command = {
  name: 'watch',
  summary: 'watch an operation until it has ended',
  positionals: [{ name: 'OPERATION', required: true, complete: 'none' }],
  options: {},
  details: ['Ends with the outcome of the operation. Ctrl-C only stops watching; see cancel.'],
  json: '{ operation: Operation } when it has ended',
  async run(context) {
    const [id = ''] = context.args.positionals;
    const api = await context.api();
    const { app } = await api.operations.get.query({ id });
    const outcome = await conduct(context, api, { start: async () => ({ operationId: id, app }), interrupt: 'leave' });
    if (context.json) context.out.json({ operation: outcome.operation });
    return settle(context, outcome);
  },
};
