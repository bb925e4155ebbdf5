import type { AppCertificate } from 'minicloud-shared/model/app';
import type { Translate } from '../translate.ts';

const dayMs = 86_400_000;
const soonMs = 14 * dayMs;

export interface CertificateLook {
  icon: string;
  color?: string;
  words: string;
}

/** How a certificate is, as far as it was told: its days, and a warning shape when they are few. Times in ms. */
export function certificateLook({ kind, notAfter }: AppCertificate, now: number, t: Translate): CertificateLook {
  if (kind === 'none') return { icon: 'globe', words: t('no certificate') };
  const words = kind === 'local' ? t('local certificate') : t('certificate');
  if (notAfter === undefined) return { icon: 'lock', words };
  const left = notAfter - now;
  if (left <= 0) return { icon: 'error', color: 'list.errorForeground', words: t('{0} expired', words) };
  const days = Math.floor(left / dayMs);
  const named = days === 1 ? t('{0}, 1 day left', words) : t('{0}, {1} days left', words, days);
  return left < soonMs
    ? { icon: 'warning', color: 'list.warningForeground', words: named }
    : { icon: 'lock', words: named };
}
