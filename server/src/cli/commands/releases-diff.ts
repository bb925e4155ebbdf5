import type { ReleaseComparison } from 'minicloud-shared/model/release';
import { usage } from '../arguments.ts';
import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { changeTable } from '../plan-view.ts';
import { type Line, styled } from '../text.ts';

export const releasesDiff: Command = {
  name: 'releases:diff',
  summary: 'show what one release of an app has that another has not',
  positionals: [
    { name: 'NAME', required: true, complete: 'app' },
    { name: 'FROM', required: false, complete: 'none' },
    { name: 'TO', required: false, complete: 'none' },
  ],
  options: {},
  details: [
    'Image, manifest, config vars and secrets, the values of variables left out. TO is the release that serves when not given; FROM is the one that served before TO.',
  ],
  json: '{ app, from, to, differences: { action, object, before?, after? }[] }',
  examples: ['minicloud releases:diff shop', 'minicloud releases:diff shop 3', 'minicloud releases:diff shop 3 7'],
  async run(context) {
    const [app = '', ...words] = context.args.positionals;
    const [from, to] = words.map((word) => {
      if (/^[1-9]\d{0,8}$/.test(word)) return Number(word);
      throw usage(releasesDiff, word, 'A version is a whole number, such as 11.');
    });
    const api = await context.api();
    const found = await api.releases.compare.query({
      app,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    });
    if (context.json) context.out.json(found);
    else context.out.print(...comparisonView(found, context.out.columns));
    return exitCodes.ok;
  },
};

export function comparisonView({ app, from, to, differences }: ReleaseComparison, columns: number): Line[] {
  const headline: Line = [styled('bold', app), `: release ${from} → ${to}`];
  if (differences.length === 0)
    return [headline, [], ['  No difference in image, processes, routes, needs, variables or config.']];
  return [headline, [], ...changeTable(differences, Math.max(20, columns - 2)).map((line): Line => ['  ', ...line])];
}
