import type { Receipt } from 'minicloud-shared/model/release';
import type { Translate } from '../translate.ts';

/** What was measured while traffic went over to a release, in one sentence. */
export function receiptWords({ probes, switchMs }: Receipt, t: Translate): string {
  const asked = t('{0} requests sent during the switch, {1} failed', probes.sent, probes.failed);
  return switchMs === undefined
    ? `${asked}.`
    : `${asked}; ${t('its first answer came after {0} s', seconds(switchMs))}.`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}
