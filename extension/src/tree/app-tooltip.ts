/** What pointing at an app tells. Text of the server is appended as text: none of it can become a link or an image. */
import type { AppDetail, AppSummary } from 'minicloud-shared/model/app';
import type { AppMetrics } from 'minicloud-shared/model/metrics';
import type { Release } from 'minicloud-shared/model/release';
import { l10n, MarkdownString } from 'vscode';
import { formatAge } from './age.ts';
import { appStateLabel } from './app-look.ts';
import { cpu, memory, sparkline } from './measures.ts';

export interface AppFacts {
  app: AppSummary;
  /** By the server's clock, milliseconds. */
  now: number;
  detail?: AppDetail | undefined;
  /** Newest first. */
  releases?: readonly Release[];
  metrics?: AppMetrics | undefined;
}

export function appTooltip({ app, now, detail, releases = [], metrics }: AppFacts): MarkdownString {
  const text = new MarkdownString('', true);
  const line = (words: string): void => {
    text.appendText(words);
    text.appendMarkdown('  \n');
  };
  text.appendMarkdown('**').appendText(app.name).appendMarkdown('** — ');
  line([appStateLabel(app.state), app.environment === 'staging' && l10n.t('staging')].filter(Boolean).join(', '));
  for (const { url } of app.urls) line(url);
  if (app.image) {
    text.appendMarkdown('\n\n');
    line(app.image);
  }
  if (detail?.digest) line(l10n.t('Digest {0}', `${detail.digest.slice(0, 31)}…`));
  const last = releases.find(({ state }) => state === 'current');
  if (last) {
    text.appendMarkdown('\n\n');
    line(
      l10n.t(
        'Release {0}: {1}, by {2}, {3}',
        last.version,
        last.reason,
        last.by,
        formatAge(last.createdAt, now, l10n.t),
      ),
    );
    const probes = last.receipt?.probes;
    if (probes) line(l10n.t('{0} of {1} requests failed during its switch', probes.failed, probes.sent));
  }
  if (metrics) {
    for (const words of usageLines(metrics)) {
      text.appendMarkdown('\n\n');
      line(words);
    }
  }
  return text;
}

/** Less than this is next to nothing. */
const quietCores = 0.1;

/**
 * One paragraph for memory and one for processor time of every process: the line of blocks for the eye, the same in
 * words for the ear.
 */
export function usageLines({ processes }: AppMetrics): string[] {
  return processes.flatMap(({ process, memoryBytes, memoryLimitBytes, cpu: cores }) => {
    const [bytes, busy] = [lastOf(memoryBytes), lastOf(cores)];
    const of = memoryLimitBytes > 0 ? l10n.t(' of {0}', memory(memoryLimitBytes)) : '';
    return [
      ...(bytes === undefined
        ? []
        : [
            `${sparkline(memoryBytes, memoryLimitBytes)} ${l10n.t('{0}: memory {1}{2}, highest {3}', process, memory(bytes), of, memory(highest(memoryBytes)))}`,
          ]),
      ...(busy === undefined
        ? []
        : [
            `${sparkline(cores, quietCores)} ${l10n.t('{0}: CPU {1}, highest {2}', process, cpu(busy), cpu(highest(cores)))}`,
          ]),
    ];
  });
}

function lastOf(values: readonly (number | null)[]): number | undefined {
  return values.findLast((value) => value !== null) ?? undefined;
}

function highest(values: readonly (number | null)[]): number {
  return Math.max(0, ...values.map((value) => value ?? 0));
}
