import { type Disposable, type Event, EventEmitter } from 'vscode';
import { AppNode } from './app-node.ts';
import { isVariableRow } from './config-group.ts';
import type { TreeNode } from './node.ts';

/** Rows that are selected in the view *Servers* and are still there: the editor's own key counts those that went, too. */
export interface RowSelection extends Disposable {
  readonly onDidChange: Event<void>;
  rows(): readonly TreeNode[];
  /** The apps that are selected when nothing else is: what a key may act on. */
  apps(): readonly AppNode[];
  /** The same for config vars and secrets. */
  variables(): readonly TreeNode[];
  set(rows: readonly TreeNode[]): void;
}

export function createRowSelection(): RowSelection {
  const changed = new EventEmitter<void>();
  let rows: readonly TreeNode[] = [];
  return {
    onDidChange: changed.event,
    rows: () => rows,
    apps: () => (rows.every((row) => row instanceof AppNode && isOnline(row)) ? (rows as AppNode[]) : []),
    variables: () => (rows.every((row) => isVariableRow(row) && isOnline(row)) ? rows : []),
    set(next) {
      rows = next;
      changed.fire();
    },
    dispose: () => changed.dispose(),
  };
}

function isOnline({ live }: Pick<AppNode, 'live'>): boolean {
  return live.connection.link.state === 'online';
}
