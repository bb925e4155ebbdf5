import type { Release, ReleaseDetail } from 'minicloud-shared/model/release';
import { probeWords } from '../deploy/receipt-words.ts';
import type { Translate } from '../translate.ts';

/** A release as a page: what it was, why it exists, what was measured on its way. Durations in seconds. */
export function releaseText(release: Release, t: Translate): string {
  const { app, version, state, image, digest, reason, by, createdAt, receipt, problem } = release;
  const lines = [
    t('Release {0} of {1}', version, app),
    `${state}  ·  ${image}  ·  ${digest}`,
    t('{0} by {1}  ·  {2}', reason, by, new Date(createdAt).toLocaleString()),
  ];
  if (receipt) {
    lines.push('', t('Measured'));
    const total = seconds(receipt.totalMs);
    lines.push(
      `  ${state === 'failed' ? t('{0} s from the first step to its failure', total) : t('{0} s from the first step to serving', total)}`,
    );
    if (receipt.switchMs !== undefined)
      lines.push(`  ${t('{0} s from the switch to its first answer', seconds(receipt.switchMs))}`);
    lines.push(`  ${probeWords(receipt, t)}`);
    if (receipt.steps.length > 0) {
      lines.push('', t('Steps'));
      for (const step of receipt.steps)
        lines.push(`  ${seconds(step.ms).padStart(8)} s  ${step.name} ${step.object}`.trimEnd());
    }
  }
  if (problem) {
    lines.push('', t('What went wrong'), `  ${problem.what}: ${problem.object}`, `  ${problem.why}`);
    if (problem.still) lines.push(`  ${problem.still}`);
    lines.push(`  ${problem.remedy}`);
    if (problem.evidence.length > 0) lines.push('', t('Evidence'), ...problem.evidence.map((line) => `  ${line}`));
  }
  return `${lines.join('\n')}\n`;
}

/** What a release was made from: its manifest, headed by what the manifest does not say. */
export function releaseManifestText(release: ReleaseDetail, t: Translate): string {
  const { version, image, digest, reason, configVersion, manifest } = release;
  const config = configVersion ? [t('config version {0}', configVersion)] : [];
  const head = [t('release {0}: {1}', version, reason), image, digest, ...config].map((line) => `# ${line}`);
  return `${head.join('\n')}\n${manifest ?? ''}`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}
