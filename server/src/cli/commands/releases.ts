import type { Release, ReleaseState } from 'minicloud-shared/model/release';
import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { shortDigest } from '../plan-view.ts';
import { type Cell, table } from '../table.ts';
import { type Line, type Style, styled } from '../text.ts';
import { duration, relative } from '../time.ts';

export const releases: Command = {
  name: 'releases',
  summary: 'list the releases of an app, newest first',
  positionals: [{ name: 'NAME', required: true, complete: 'app' }],
  options: {},
  details: [],
  json: '{ releases: Release[] }, newest first',
  async run(context) {
    const [app = ''] = context.args.positionals;
    const list = await (await context.api()).releases.list.query({ app });
    const sorted = [...list].sort((a, b) => b.version - a.version);
    if (context.json) context.out.json({ releases: sorted });
    else if (sorted.length === 0)
      context.out.print([`${app} has no release yet. Run \`minicloud deploy\` in its folder.`]);
    else context.out.print(...releasesView(sorted, context.now(), context.out.columns));
    return exitCodes.ok;
  },
};

const styles: Record<ReleaseState, Style | undefined> = {
  pending: 'cyan',
  deploying: 'cyan',
  current: 'green',
  superseded: undefined,
  failed: 'red',
  rolled_back: 'yellow',
};

export function releasesView(list: readonly Release[], now: number, columns: number): Line[] {
  const rows = list.map((release): Cell[] => [
    String(release.version),
    styled(styles[release.state], release.state.replace('_', ' ')),
    relative(release.createdAt, now),
    release.receipt ? duration(release.receipt.totalMs) : '',
    release.reason,
    release.by,
    `${release.image} (${shortDigest(release.digest)})`,
    release.problem ? styled('red', release.problem.what) : '',
  ]);
  const titles = [
    { title: 'RELEASE', align: 'right' as const },
    { title: 'STATE' },
    { title: 'MADE' },
    { title: 'TOOK', align: 'right' as const, optional: true },
    { title: 'WHY' },
    { title: 'BY', overflow: 'cut' as const, optional: true },
    { title: 'IMAGE', overflow: 'cut' as const, optional: true },
    { overflow: 'cut' as const, optional: true },
  ];
  return table(titles, rows, columns);
}
