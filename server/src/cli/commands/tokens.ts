import type { Token } from 'minicloud-shared/model/access';
import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Cell, table } from '../table.ts';
import { type Line, styled } from '../text.ts';
import { relative } from '../time.ts';

export const tokens: Command = {
  name: 'tokens',
  summary: 'list the tokens of the server; never their values',
  positionals: [],
  options: {},
  details: [],
  json: '{ tokens: Token[] }',
  async run(context) {
    const list = await (await context.api()).tokens.list.query();
    if (context.json) context.out.json({ tokens: list });
    else if (list.length === 0)
      context.out.print(['There are no tokens. `minicloud tokens:create NAME --scope deploy` makes one.']);
    else context.out.print(...tokensView(list, context.now(), context.out.columns));
    return exitCodes.ok;
  },
};

export function tokensView(list: readonly Token[], now: number, columns: number): Line[] {
  const rows = list.map((token): Cell[] => [
    token.id,
    styled('bold', token.name),
    token.scope,
    token.apps?.join(', ') ?? 'all',
    relative(token.createdAt, now),
    token.lastUsedAt === undefined ? 'never' : relative(token.lastUsedAt, now),
    token.expiresAt === undefined
      ? 'never'
      : styled(token.expiresAt <= now ? 'red' : undefined, relative(token.expiresAt, now)),
  ]);
  const titles = [
    { title: 'ID' },
    { title: 'NAME', overflow: 'cut' as const },
    { title: 'SCOPE' },
    { title: 'APPS', overflow: 'wrap' as const },
    { title: 'MADE', optional: true },
    { title: 'USED' },
    { title: 'EXPIRES' },
  ];
  return table(titles, rows, columns);
}
