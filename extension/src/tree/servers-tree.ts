import { type Disposable, EventEmitter, l10n, type TreeDataProvider, type TreeView, window } from 'vscode';
import type { Connections } from '../servers/connections.ts';
import { failingApps } from '../servers/snapshot.ts';
import type { TreeNode } from './node.ts';
import { ServerNode } from './server-node.ts';

/** Events come in bursts while a deploy runs; the tree is drawn at most this often. */
const frameMs = 50;

/** The view *Servers*. Event streams are open while it is visible, and no longer. */
export function createServersTree(connections: Connections): Disposable {
  const changed = new EventEmitter<TreeNode | undefined>();
  const provider: TreeDataProvider<TreeNode> = {
    onDidChangeTreeData: changed.event,
    getTreeItem: (node) => node.item(),
    getChildren: async (node) => (node ? node.children() : connections.all().map((live) => new ServerNode(live))),
  };
  const view = window.createTreeView('minicloud.servers', { treeDataProvider: provider, showCollapseAll: true });
  let release: (() => void) | undefined;
  const follow = (visible: boolean): void => {
    if (visible) release ??= connections.holdAll();
    else {
      release?.();
      release = undefined;
    }
  };
  let frame: NodeJS.Timeout | undefined;
  const subscriptions = [
    connections.onDidChange(() => {
      frame ??= setTimeout(() => {
        frame = undefined;
        changed.fire(undefined);
        setBadge(view, connections);
      }, frameMs);
    }),
    view.onDidChangeVisibility(({ visible }) => follow(visible)),
  ];
  follow(view.visible);
  return {
    dispose() {
      clearTimeout(frame);
      follow(false);
      for (const subscription of subscriptions) subscription.dispose();
      view.dispose();
      changed.dispose();
    },
  };
}

function setBadge(view: TreeView<TreeNode>, connections: Connections): void {
  const online = connections.all().filter(({ connection }) => connection.link.state === 'online');
  const failing = online.flatMap(({ connection }) => failingApps(connection.snapshot)).length;
  const tooltip = failing === 1 ? l10n.t('1 app is failing') : l10n.t('{0} apps are failing', failing);
  view.badge = failing > 0 ? { value: failing, tooltip } : undefined;
}
