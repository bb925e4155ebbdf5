/** A plan as a person reads it before saying yes. */
import type { Change, Consequence, Plan } from 'minicloud-shared/model/plan';
import { type Cell, table } from './table.ts';
import { type Line, type Style, styled } from './text.ts';

export function planView(plan: Plan, columns: number): Line[] {
  const again: Line[] =
    plan.rollbackTo === undefined ? [] : [[indent, `once more what release ${plan.rollbackTo} was`]];
  const lines: Line[] = [headline(plan), ...again, []];
  const room = Math.max(20, columns - indent.length);
  const shown = plan.changes.filter((change) => change.action !== 'keep');
  if (shown.length > 0) lines.push(...indented(changeTable(shown, room)), []);
  lines.push(...indented(table([{}, { overflow: 'wrap' }], facts(plan), room)));
  return lines;
}

/** What happens to visitors, in words; the worst of all steps decides. */
export function consequenceWords(plan: Pick<Plan, 'consequence' | 'steps' | 'creates'>): string {
  const seconds = plan.steps.reduce((sum, step) => sum + (step.downtimeSeconds ?? 0), 0);
  const words: Record<Consequence, string> = {
    none: plan.creates ? 'none: nothing serves yet' : 'none: the old release serves until the new one answers',
    restart: 'restart: a support container is started anew; the app may miss it for a moment',
    downtime: `downtime: ${seconds > 0 ? `about ${seconds} s without service` : 'something that is served now no longer is'}`,
    data: 'data at risk: read the changes above before you go on',
  };
  return words[plan.consequence];
}

const indent = '  ';
const styles: Record<Consequence, Style> = { none: 'green', restart: 'yellow', downtime: 'yellow', data: 'red' };
const signs: Record<Change['action'], Cell> = {
  add: styled('green', '+'),
  change: styled('yellow', '~'),
  remove: styled('red', '-'),
  keep: ' ',
};
const changeWords: Record<Consequence, string> = {
  none: '',
  restart: 'restart',
  downtime: 'downtime',
  data: 'data at risk',
};

function headline(plan: Plan): Line {
  const from = plan.fromRelease === undefined ? 'first release' : `release ${plan.fromRelease} → ${plan.toRelease}`;
  return [
    styled('bold', `Plan for ${plan.app}`),
    `: ${from}${plan.creates && plan.toRelease > 1 ? ` to serve, number ${plan.toRelease}` : ''}`,
  ];
}

/** One row for each; with its consequence where that is known. */
export function changeTable(changes: readonly (Omit<Change, 'consequence'> & Partial<Change>)[], room: number): Line[] {
  const rows = changes.map(({ action, object, before, after, consequence }): Cell[] => [
    signs[action],
    object,
    [before, after].filter((value) => value !== undefined).join(' → '),
    consequence ? styled(styles[consequence], changeWords[consequence]) : '',
  ]);
  return table([{}, { overflow: 'wrap' }, { overflow: 'wrap' }, {}], rows, room);
}

function facts(plan: Plan): Cell[][] {
  const changed = plan.changes.some(({ object, action }) => object === 'image' && action !== 'keep');
  return [
    ...(changed ? [] : [[styled('dim', 'image'), `${plan.image} (${shortDigest(plan.digest)})`]]),
    [styled('dim', 'steps'), plan.steps.map((step) => step.title).join(' · ') || 'none'],
    [styled('dim', 'interruption'), styled(styles[plan.consequence], consequenceWords(plan))],
    ...plan.notes.map((note): Cell[] => [styled('dim', 'note'), note]),
    ...plan.urls.map((url): Cell[] => [styled('dim', 'url'), styled('cyan', url)]),
  ];
}

/** Enough to compare by eye. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

function indented(lines: Line[]): Line[] {
  return lines.map((line) => [indent, ...line]);
}
