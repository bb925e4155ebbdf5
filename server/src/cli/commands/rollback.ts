import { releaseCan } from 'minicloud-shared/model/release';
import { usage } from '../arguments.ts';
import type { Command } from '../command.ts';
import { conduct } from '../conduct.ts';
import { confirm, mustBeAskable, yesOption } from '../confirm.ts';
import { exitCodes } from '../exit-codes.ts';
import { shortDigest } from '../plan-view.ts';
import { relative } from '../time.ts';
import { told } from './deploy.ts';

export const rollback: Command = {
  name: 'rollback',
  summary: 'go back to an earlier release of an app',
  positionals: [
    { name: 'NAME', required: true, complete: 'app' },
    { name: 'VERSION', required: false, complete: 'none' },
  ],
  options: { yes: yesOption },
  details: [
    'Appends a release that is what VERSION was: its image and its manifest. Without VERSION it is the one that served before. Data is not rolled back.',
    'Ctrl-C is as in deploy. Without a terminal --yes is needed.',
  ],
  json: '{ operation: Operation, release?: Release, urls: string[] }',
  examples: ['minicloud rollback shop', 'minicloud rollback shop 11 --yes'],
  async run(context) {
    const [app = '', word] = context.args.positionals;
    if (word !== undefined && !/^[1-9]\d{0,8}$/.test(word))
      throw usage(rollback, word, 'A version is a whole number, such as 11.');
    const version = word === undefined ? undefined : Number(word);
    mustBeAskable(context, rollback);
    const api = await context.api({ patient: true });
    const releases = await api.releases.list.query({ app });
    const serving = releases.find((release) => release.state === 'current');
    const target =
      version === undefined
        ? releases
            .filter((release) => releaseCan[release.state].rollbackTo && release.version < (serving?.version ?? 0))
            .sort((a, b) => b.version - a.version)[0]
        : releases.find((release) => release.version === version);
    // What can't be gone back to is refused by the server, which says why.
    if (target && !context.json) {
      const image = `${target.image} (${shortDigest(target.digest)}), made ${relative(target.createdAt, context.now())}`;
      context.err.print([`Release ${serving?.version ?? '–'} serves. Release ${target.version} is ${image}.`]);
    }
    if (!(await confirm(context, `Roll ${app} back${target ? ` to release ${target.version}` : ''}?`))) {
      context.err.print(['Nothing was changed.']);
      return exitCodes.interrupted;
    }
    const chosen = version ?? target?.version;
    const outcome = await conduct(context, api, {
      start: (idempotencyKey) =>
        api.releases.rollback.mutate({ app, ...(chosen === undefined ? {} : { version: chosen }), idempotencyKey }),
      interrupt: 'cancel',
    });
    return told(context, api, outcome);
  },
};
