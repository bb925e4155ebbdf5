import { closest } from 'minicloud-shared/manifest/suggest';
import type { Command } from '../command.ts';
import { exitCodes, UsageProblem } from '../exit-codes.ts';
import { readSaved, savedPath, writeSaved } from '../servers.ts';
import { parseServerUrl } from '../target.ts';

export const serversUse: Command = {
  name: 'servers:use',
  summary: 'choose the server that is used when none is named',
  positionals: [{ name: 'URL', required: true, complete: 'none' }],
  options: {},
  details: [],
  json: '{ default: string }',
  async run(context) {
    const file = savedPath(context.env, context.home);
    const saved = await readSaved(file, (line) => context.err.print([line]));
    const url = parseServerUrl(context.args.positionals[0] ?? '');
    if (!saved.servers.some((server) => server.url === url)) {
      const guess = closest(
        url,
        saved.servers.map((server) => server.url),
      );
      throw new UsageProblem({
        object: url,
        why: 'You are not logged in to it.',
        remedy: guess === undefined ? `Run \`minicloud login ${url}\`.` : `Did you mean ${guess}?`,
      });
    }
    await writeSaved(file, { ...saved, default: url });
    if (context.json) context.out.json({ default: url });
    else context.out.print([`${url} is used from now on.`]);
    return exitCodes.ok;
  },
};
