/** What a modal says before data or time is lost. */
import { dataAtRisk, type Plan } from 'minicloud-shared/model/plan';
import type { Release } from 'minicloud-shared/model/release';
import { withoutControls } from '../logs/log-text.ts';
import type { Translate } from '../translate.ts';
import { verdict } from './plan-text.ts';

/** A line for each thing that goes, below what the lines are; empty when nothing does. */
export function lossText(plan: Pick<Plan, 'changes'>, t: Translate): string {
  const lost = dataAtRisk(plan).map((object) => `•  ${withoutControls(object)}\n`);
  return lost.length === 0 ? '' : `${t('This would be lost:')}\n${lost.join('')}`;
}

/** What rolling back to `release` loses, interrupts and leaves as it is. */
export function rollBackText(
  plan: Plan,
  { version, image }: Pick<Release, 'version' | 'image'>,
  server: string,
  t: Translate,
): string {
  const lost = lossText(plan, t);
  return [
    lost,
    plan.consequence === 'downtime' ? verdict(plan, t) : '',
    t('On {0}, release {1} ({2}) serves again as a new release.', server, version, image),
    lost
      ? t('Other volumes and databases keep their data as it is now.')
      : t('Volumes and databases keep their data as it is now.'),
  ]
    .filter((part) => part !== '')
    .join('\n');
}
