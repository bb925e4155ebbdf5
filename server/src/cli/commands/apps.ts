import type { AppState, AppSummary } from 'minicloud-shared/model/app';
import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Cell, table } from '../table.ts';
import { type Line, type Style, styled } from '../text.ts';
import { relative } from '../time.ts';

export const apps: Command = {
  name: 'apps',
  summary: 'list the apps',
  positionals: [],
  options: { names: { type: 'boolean', help: 'names only, one a line' } },
  details: [],
  json: '{ apps: AppSummary[] }',
  async run(context) {
    const list = await (await context.api()).apps.list.query();
    const sorted = [...list].sort((a, b) => a.name.localeCompare(b.name));
    if (context.json) context.out.json({ apps: sorted });
    else if (context.args.has('names')) context.out.print(...sorted.map((app): Line => [app.name]));
    else if (sorted.length > 0) context.out.print(...appsView(sorted, context.now(), context.out.columns));
    else context.out.print(['There are no apps yet. In a folder with a cloud_manifest.yml run `minicloud deploy`.']);
    return exitCodes.ok;
  },
};

/** Colour of a state, the same everywhere. */
export const stateStyles: Record<AppState, Style> = {
  created: 'dim',
  deploying: 'cyan',
  running: 'green',
  degraded: 'yellow',
  failed: 'red',
  stopped: 'dim',
  deleting: 'yellow',
};

export function appsView(list: readonly AppSummary[], now: number, columns: number): Line[] {
  const rows = list.map((app): Cell[] => [
    styled('bold', app.name),
    styled(stateStyles[app.state], app.state),
    app.release === undefined ? '–' : String(app.release),
    relative(app.updatedAt, now),
    styled('cyan', app.urls[0] ? `${app.urls[0].url}${app.urls.length > 1 ? ` +${app.urls.length - 1}` : ''}` : '–'),
    app.image ?? '–',
  ]);
  const titles = [
    { title: 'APP' },
    { title: 'STATE' },
    { title: 'RELEASE', align: 'right' as const },
    { title: 'CHANGED', optional: true },
    // Kept whole: it is there to be clicked.
    { title: 'URL' },
    { title: 'IMAGE', overflow: 'cut' as const, optional: true },
  ];
  return table(titles, rows, columns);
}
