import { type Disposable, type Event, EventEmitter } from 'vscode';
import { AppNode } from './app-node.ts';
import type { TreeNode } from './node.ts';

/** Rows that are selected in the view *Servers* and are still there: the editor's own key counts those that went, too. */
export interface RowSelection extends Disposable {
  readonly onDidChange: Event<void>;
  rows(): readonly TreeNode[];
  /** The apps that are selected when nothing else is: what a key may act on. */
  apps(): readonly AppNode[];
  set(rows: readonly TreeNode[]): void;
}

export function createRowSelection(): RowSelection {
  const changed = new EventEmitter<void>();
  let rows: readonly TreeNode[] = [];
  return {
    onDidChange: changed.event,
    rows: () => rows,
    apps() {
      const apps = rows.filter((row) => row instanceof AppNode && row.live.connection.link.state === 'online');
      return apps.length === rows.length ? (apps as AppNode[]) : [];
    },
    set(next) {
      rows = next;
      changed.fire();
    },
    dispose: () => changed.dispose(),
  };
}
