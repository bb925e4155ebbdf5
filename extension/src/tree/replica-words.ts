import type { Replica } from 'minicloud-shared/model/app';
import { l10n } from 'vscode';
import { cpu, memory } from './measures.ts';

/** Memory and processor time of all, where they were measured. */
export function usage(replicas: readonly Replica[]): string[] {
  const measured = replicas.filter(({ memoryBytes }) => memoryBytes !== undefined);
  if (measured.length === 0) return [];
  const sum = (value: (replica: Replica) => number | undefined): number =>
    measured.reduce((total, replica) => total + (value(replica) ?? 0), 0);
  return [
    memory(sum(({ memoryBytes }) => memoryBytes)),
    ...(measured.some((replica) => replica.cpu !== undefined) ? [`${cpu(sum((replica) => replica.cpu))} CPU`] : []),
  ];
}

export function replicaWords({ state, reason }: Replica): string {
  const words: Record<Replica['state'], string> = {
    starting: l10n.t('starting'),
    healthy: l10n.t('healthy'),
    unhealthy: l10n.t('unhealthy'),
    exited: l10n.t('exited'),
    draining: l10n.t('draining'),
  };
  return [words[state] ?? state, reason].filter(Boolean).join(': ');
}

/** What a tooltip says of a replica beyond its row. */
export function replicaFacts({ id, release, startedAt, restarts, memoryBytes, memoryLimitBytes }: Replica): string {
  return [
    l10n.t('Release {0}, container {1}', release, id.slice(0, 12)),
    startedAt !== undefined && l10n.t('Started {0}', new Date(startedAt).toLocaleString()),
    restarts ? l10n.t('Started again {0} times', restarts) : '',
    memoryBytes !== undefined && memoryLimitBytes
      ? l10n.t('Memory {0} of {1}', memory(memoryBytes), memory(memoryLimitBytes))
      : '',
  ]
    .filter(Boolean)
    .join('\n');
}
