import { operationEnded } from 'minicloud-shared/model/operation';
import type { Command } from '../command.ts';
import { conduct } from '../conduct.ts';
import { exitCodes } from '../exit-codes.ts';

export const cancel: Command = {
  name: 'cancel',
  summary: 'ask the server to cancel an operation, and wait for the outcome',
  positionals: [{ name: 'OPERATION', required: true, complete: 'none' }],
  options: {},
  details: [
    'A deploy that is cancelled before its switch leaves the old release serving. What is past the point of no return is finished instead, and the command then ends with 1.',
  ],
  json: '{ operation: Operation } when it has ended',
  async run(context) {
    const [id = ''] = context.args.positionals;
    const api = await context.api();
    const before = await api.operations.get.query({ id });
    if (operationEnded[before.state]) {
      if (context.json) context.out.json({ operation: before });
      else context.err.print([`It has ended before: ${before.state}. Nothing was changed.`]);
      return before.state === 'cancelled' ? exitCodes.ok : exitCodes.failed;
    }
    const { cancelling } = await api.operations.cancel.mutate({ id });
    // An older server does not say.
    if (cancelling === false && !context.json)
      context.err.print(['It can not be cancelled any more and goes on to its end.']);
    const { operation } = await conduct(context, api, {
      start: async () => ({ operationId: id, app: before.app }),
      interrupt: 'leave',
    });
    const done = operation.state === 'cancelled';
    if (context.json) context.out.json({ operation });
    else if (done)
      context.out.print([
        `The ${operation.kind} of ${operation.app} was cancelled. ${operation.problem?.still ?? ''}`.trim(),
      ]);
    else context.err.print([`It could not be cancelled any more: it has ${operation.state}.`]);
    return done ? exitCodes.ok : exitCodes.failed;
  },
};
