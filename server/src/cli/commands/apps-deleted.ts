import { type DeletedApp, dataParts } from 'minicloud-shared/model/app';
import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Cell, table } from '../table.ts';
import { type Line, styled } from '../text.ts';
import { relative } from '../time.ts';

export const appsDeleted: Command = {
  name: 'apps:deleted',
  summary: 'list the deleted apps whose data is kept',
  positionals: [],
  options: {},
  details: [
    'Data is kept for seven days after its app was deleted, then it is removed. `apps:restore` brings it back.',
  ],
  json: '{ apps: DeletedApp[] }, newest first',
  async run(context) {
    const apps = await (await context.api()).apps.deleted.query();
    if (context.json) context.out.json({ apps });
    else if (apps.length === 0) context.out.print(['No data of deleted apps is kept.']);
    else context.out.print(...deletedView(apps, context.now(), context.out.columns));
    return exitCodes.ok;
  },
};

export function deletedView(list: readonly DeletedApp[], now: number, columns: number): Line[] {
  const rows = list.map((app): Cell[] => [
    styled('bold', app.name),
    app.id,
    relative(app.deletedAt, now),
    new Date(app.keptUntil).toISOString().slice(0, 16).replace('T', ' '),
    dataParts(app).join(', ') || 'nothing',
    app.by,
  ]);
  const titles = [
    { title: 'APP' },
    { title: 'ID' },
    { title: 'DELETED' },
    { title: 'KEPT UNTIL (UTC)' },
    { title: 'DATA', overflow: 'wrap' as const },
    { title: 'BY', overflow: 'cut' as const, optional: true },
  ];
  return table(titles, rows, columns);
}
