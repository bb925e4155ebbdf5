import type { Operation } from 'minicloud-shared/model/operation';
import { l10n, ThemeIcon, TreeItem } from 'vscode';
import { progressOf } from '../deploy/progress.ts';
import type { LiveServer } from '../servers/connections.ts';
import { facets, type TreeNode } from './node.ts';

/** What is being done to an app right now. */
export class OperationNode implements TreeNode {
  readonly id: string;
  readonly live: LiveServer;
  readonly operation: Operation;

  constructor(live: LiveServer, operation: Operation) {
    this.id = `operation:${live.server.id}/${operation.id}`;
    this.live = live;
    this.operation = operation;
  }

  get serverId(): string {
    return this.live.server.id;
  }

  item(): TreeItem {
    const { message } = progressOf(this.operation);
    const item = new TreeItem(operationLabel(this.operation));
    item.id = this.id;
    item.iconPath = new ThemeIcon('sync~spin');
    item.description = message || l10n.t('waiting');
    item.contextValue = facets('operation');
    item.accessibilityInformation = { label: `${operationLabel(this.operation)}, ${item.description}` };
    return item;
  }

  async children(): Promise<TreeNode[]> {
    return [];
  }
}

export function operationLabel({ kind, release }: Operation): string {
  const labels: Record<Operation['kind'], string> = {
    deploy: release ? l10n.t('Deploying release {0}', release) : l10n.t('Deploying'),
    rollback: l10n.t('Rolling back'),
    delete: l10n.t('Deleting'),
    converge: l10n.t('Repairing'),
  };
  return labels[kind];
}
