import { commands, type Disposable, EventEmitter, l10n, type TreeDataProvider, type TreeView, window } from 'vscode';
import type { Connections } from '../servers/connections.ts';
import { failingApps } from '../servers/snapshot.ts';
import { AppNode } from './app-node.ts';
import { createKeptRows } from './kept-rows.ts';
import { offers, type TreeNode, treeLooker } from './node.ts';
import { ServerNode } from './server-node.ts';
import type { TreeParts } from './tree-parts.ts';
import { type Emptiness, emptiness } from './welcome.ts';

/** Events come in bursts while a deploy runs; the tree is drawn at most this often. */
const frameMs = 50;

/** Memory and processor time change without events: how often they are asked for, of apps that are open to the eye. */
const measureMs = 15_000;

/** The view *Servers*. Event streams are open while it is visible, and no longer. */
export function createServersTree(connections: Connections, parts: TreeParts): Disposable {
  const changed = new EventEmitter<TreeNode[] | undefined>();
  const state = (): Emptiness => emptiness(connections.all(), parts.filter);
  const rows = createKeptRows<TreeNode>(async () =>
    state() === 'no' ? connections.all().map((live) => new ServerNode(live, parts)) : [],
  );
  const provider: TreeDataProvider<TreeNode> = {
    onDidChangeTreeData: changed.event,
    getTreeItem: (node) => node.item(),
    async getChildren(node) {
      const children = await rows.children(node);
      tellSelection();
      return children;
    },
    async resolveTreeItem(item, node, token) {
      await node.resolve?.(item, token);
      return item;
    },
  };
  const view = window.createTreeView('minicloud.servers', {
    treeDataProvider: provider,
    showCollapseAll: true,
    canSelectMany: true,
  });
  const tellSelection = (): void => parts.selection.set(view.selection.filter(rows.has));
  let frame: NodeJS.Timeout | undefined;
  const draw = (): void => {
    frame ??= setTimeout(() => {
      frame = undefined;
      void commands.executeCommand('setContext', 'minicloud.empty', state());
      setBadge(view, connections);
      setMessage(view, connections, parts);
      void tellChanges();
    }, frameMs);
  };
  /** One at a time; what changes meanwhile is told after it. */
  let telling = false;
  let again = false;
  const tellChanges = async (): Promise<void> => {
    again = true;
    if (telling) return;
    telling = true;
    while (again) {
      again = false;
      const changes = await rows.changes().catch((): (TreeNode | undefined)[] => [undefined]);
      const nodes = changes.filter((node): node is TreeNode => node !== undefined);
      if (nodes.length < changes.length) changed.fire(undefined);
      else if (nodes.length > 0) changed.fire(nodes);
    }
    telling = false;
  };
  const watch = watchWhileVisible(view, connections);
  const subscriptions = [
    connections.onDidChange(draw),
    parts.filter.onDidChange(draw),
    parts.forwards.onDidChange(draw),
    parts.logs.onDidChange(draw),
    view.onDidChangeSelection(tellSelection),
    view.onDidCollapseElement(({ element }) => {
      rows.close(element);
      forget(element);
    }),
    view.onDidExpandElement(({ element }) => {
      if (rows.reopen(element)) changed.fire([element]);
    }),
  ];
  draw();
  return {
    dispose() {
      clearTimeout(frame);
      watch.dispose();
      for (const subscription of subscriptions) subscription.dispose();
      view.dispose();
      changed.dispose();
    },
  };
}

/** What nobody looks at isn't asked for. */
function forget(node: TreeNode): void {
  if (node instanceof AppNode) node.live.connection.forget(node.app.name, treeLooker);
  if (!(node instanceof ServerNode)) return;
  const { connection } = node.live;
  for (const app of connection.snapshot.details.keys()) connection.forget(app, treeLooker);
}

function watchWhileVisible(view: TreeView<TreeNode>, connections: Connections): Disposable {
  let release: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const follow = (visible: boolean): void => {
    clearInterval(timer);
    if (!visible) {
      release?.();
      release = undefined;
      return;
    }
    release ??= connections.holdAll();
    timer = setInterval(() => {
      for (const live of connections.all())
        if (offers(live, 'metrics')) void live.connection.refreshDetails(treeLooker).catch(() => {});
    }, measureMs);
  };
  const subscription = view.onDidChangeVisibility(({ visible }) => follow(visible));
  follow(view.visible);
  return {
    dispose() {
      subscription.dispose();
      follow(false);
    },
  };
}

function setBadge(view: TreeView<TreeNode>, connections: Connections): void {
  const online = connections.all().filter(({ connection }) => connection.link.state === 'online');
  const failing = online.flatMap(({ connection }) => failingApps(connection.snapshot)).length;
  const tooltip = failing === 1 ? l10n.t('1 app is failing') : l10n.t('{0} apps are failing', failing);
  view.badge = failing > 0 ? { value: failing, tooltip } : undefined;
}

/** Why fewer apps are seen than there are, or why none is. */
function setMessage(view: TreeView<TreeNode>, connections: Connections, { filter }: TreeParts): void {
  const all = connections.all().flatMap(({ connection }) => connection.snapshot.apps ?? []);
  const filtered = filter.text !== '' && all.length > 0;
  // Beside a message the editor shows no welcome view, which says more.
  const rows = emptiness(connections.all(), filter) === 'no';
  view.description = filtered ? `“${filter.text}”` : undefined;
  view.message =
    filtered && rows
      ? l10n.t('{0} of {1} apps match “{2}”', all.filter((app) => filter.matches(app)).length, all.length, filter.text)
      : undefined;
}
