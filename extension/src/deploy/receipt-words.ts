import type { Receipt } from 'minicloud-shared/model/release';
import type { Translate } from '../translate.ts';

/** What was measured while traffic went over to a release, in one sentence. */
export function receiptWords(receipt: Receipt, t: Translate): string {
  const { switchMs } = receipt;
  const asked = probeWords(receipt, t);
  return switchMs === undefined
    ? `${asked}.`
    : `${asked}; ${t('its first answer came after {0} s', seconds(switchMs))}.`;
}

/** How the requests fared that were sent while traffic went over. */
export function probeWords({ probes: { sent, failed } }: Pick<Receipt, 'probes'>, t: Translate): string {
  return sent === 1
    ? t('1 request sent during the switch, {0} failed', failed)
    : t('{0} requests sent during the switch, {1} failed', sent, failed);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}
