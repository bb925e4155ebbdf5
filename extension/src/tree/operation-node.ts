import type { AppSummary } from 'minicloud-shared/model/app';
import { type Operation, operationEnded } from 'minicloud-shared/model/operation';
import { l10n, ThemeColor, ThemeIcon, TreeItem } from 'vscode';
import { progressOf } from '../deploy/progress.ts';
import type { LiveServer } from '../servers/connections.ts';
import { formatAge } from './age.ts';
import { type AppRow, facets, type TreeNode } from './node.ts';

const endedIcons: Partial<Record<Operation['state'], [icon: string, color?: string]>> = {
  succeeded: ['check'],
  failed: ['error', 'list.errorForeground'],
  cancelled: ['circle-slash'],
};

/** What is being done to an app, or was, and how it ended. A click shows its steps. */
export class OperationNode implements AppRow {
  readonly id: string;
  readonly live: LiveServer;
  readonly app: AppSummary;
  readonly operation: Operation;

  constructor(live: LiveServer, app: AppSummary, operation: Operation) {
    this.id = `operation:${live.server.id}/${operation.id}`;
    this.live = live;
    this.app = app;
    this.operation = operation;
  }

  get serverId(): string {
    return this.live.server.id;
  }

  item(): TreeItem {
    const { operation } = this;
    const ended = operationEnded[operation.state] !== false;
    const label = ended ? endedLabel(operation) : operationLabel(operation);
    const item = new TreeItem(label);
    item.id = this.id;
    const [icon, color] = ended ? (endedIcons[operation.state] ?? ['circle-outline']) : ['sync~spin'];
    item.iconPath = new ThemeIcon(icon, color ? new ThemeColor(color) : undefined);
    item.description = ended
      ? [
          operationStateLabel(operation.state),
          formatAge(operation.finishedAt ?? operation.createdAt, this.live.connection.now(), l10n.t),
          operation.by,
        ].join(' · ')
      : progressOf(operation).message || l10n.t('waiting');
    item.tooltip = operation.problem
      ? [`${operation.problem.what}: ${operation.problem.why}`, operation.problem.still, operation.problem.remedy]
          .filter(Boolean)
          .join('\n')
      : [label, item.description].join('\n');
    item.contextValue = facets('operation', ended ? 'ended' : 'running');
    item.command = { command: 'minicloud.showOperation', title: l10n.t('Show Operation'), arguments: [this] };
    item.accessibilityInformation = { label: `${label}, ${item.description}` };
    return item;
  }

  async children(): Promise<TreeNode[]> {
    return [];
  }
}

/** What is done now. */
export function operationLabel({ kind, release }: Operation): string {
  const labels: Record<Operation['kind'], string> = {
    deploy: release ? l10n.t('Deploying release {0}', release) : l10n.t('Deploying'),
    rollback: l10n.t('Rolling back'),
    delete: l10n.t('Deleting'),
    converge: l10n.t('Repairing'),
  };
  return labels[kind] ?? kind;
}

function endedLabel({ kind, release }: Operation): string {
  const labels: Record<Operation['kind'], string> = {
    deploy: release ? l10n.t('Deploy of release {0}', release) : l10n.t('Deploy'),
    rollback: release ? l10n.t('Rollback, release {0}', release) : l10n.t('Rollback'),
    delete: l10n.t('Deletion'),
    converge: l10n.t('Repair'),
  };
  return labels[kind] ?? kind;
}

export function operationStateLabel(state: Operation['state']): string {
  const labels: Record<Operation['state'], string> = {
    queued: l10n.t('waiting'),
    running: l10n.t('running'),
    succeeded: l10n.t('succeeded'),
    failed: l10n.t('failed'),
    cancelled: l10n.t('cancelled'),
  };
  return labels[state] ?? state;
}
