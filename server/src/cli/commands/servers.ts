import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { readSaved, savedPath } from '../servers.ts';
import { type Cell, table } from '../table.ts';
import { styled } from '../text.ts';
import { relative } from '../time.ts';

export const servers: Command = {
  name: 'servers',
  summary: 'list the servers that you are logged in to',
  positionals: [],
  options: {},
  details: ['The one with * is used unless --api-url or MINICLOUD_API_URL names another.'],
  json: '{ default?: string, servers: { url: string, addedAt: number }[] }',
  async run(context) {
    const saved = await readSaved(savedPath(context.env, context.home), (line) => context.err.print([line]));
    const list = saved.servers.map(({ url, addedAt }) => ({ url, addedAt }));
    if (context.json) context.out.json({ default: saved.default, servers: list });
    else if (list.length === 0) context.out.print(['You are not logged in to any server. Run `minicloud login URL`.']);
    else {
      const rows = list.map(({ url, addedAt }): Cell[] => [
        url === saved.default ? styled('green', '*') : '',
        url,
        styled('dim', relative(addedAt, context.now())),
      ]);
      context.out.print(...table([{}, {}, {}], rows, context.out.columns));
    }
    return exitCodes.ok;
  },
};
