import { usage } from '../arguments.ts';
import type { Command } from '../command.ts';
import { conduct } from '../conduct.ts';
import { confirm, mustBeAskable, yesOption } from '../confirm.ts';
import { exitCodes } from '../exit-codes.ts';
import { planView } from '../plan-view.ts';
import { told } from './deploy.ts';

export const rollback: Command = {
  name: 'rollback',
  finishes: true,
  summary: 'show what going back to an earlier release would change, ask, and make it so',
  positionals: [
    { name: 'NAME', required: true, complete: 'app' },
    { name: 'VERSION', required: false, complete: 'none' },
  ],
  options: { yes: yesOption },
  details: [
    'Appends a release that is what VERSION was: its image, its manifest, its config vars and its secrets. Without VERSION it is the one that served before. Volumes and databases are not rolled back.',
    'Exactly the plan that was shown is made so: if it would differ by then, nothing is changed. Ctrl-C is as in deploy. Without a terminal --yes is needed.',
  ],
  json: '{ plan: Plan, operation: Operation, release?: Release, urls: string[] }',
  examples: ['minicloud rollback shop', 'minicloud rollback shop 11 --yes'],
  async run(context) {
    const [app = '', word] = context.args.positionals;
    if (word !== undefined && !/^[1-9]\d{0,8}$/.test(word))
      throw usage(rollback, word, 'A version is a whole number, such as 11.');
    mustBeAskable(context, rollback);
    const api = await context.api({ patient: true });
    const plan = await api.releases.planRollback.mutate({
      app,
      ...(word === undefined ? {} : { version: Number(word) }),
    });
    if (!context.json) context.out.print(...planView(plan, context.out.columns), []);
    if (!(await confirm(context, `Roll ${app} back to release ${plan.rollbackTo}?`))) {
      context.err.print(['Nothing was changed.']);
      return exitCodes.interrupted;
    }
    const outcome = await conduct(context, api, {
      start: (idempotencyKey) =>
        api.releases.rollback.mutate({
          app,
          ...(plan.rollbackTo === undefined ? {} : { version: plan.rollbackTo }),
          planHash: plan.hash,
          idempotencyKey,
        }),
      planned: plan.steps,
      interrupt: 'cancel',
    });
    return told(context, api, outcome, { plan });
  },
};
