import { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import { formatAge } from './age.ts';
import { AppNode } from './app-node.ts';
import { MessageNode } from './message-node.ts';
import { facets, type TreeNode } from './node.ts';

const icons = {
  idle: ['server', undefined],
  connecting: ['loading~spin', undefined],
  online: ['server-environment', undefined],
  unreachable: ['debug-disconnect', 'list.warningForeground'],
  rejected: ['key', 'list.errorForeground'],
} as const;

/** A server: its apps, or the reason why they can't be told and the one thing to do about it. */
export class ServerNode implements TreeNode {
  readonly id: string;
  readonly live: LiveServer;

  constructor(live: LiveServer) {
    this.id = `server:${live.server.id}`;
    this.live = live;
  }

  get serverId(): string {
    return this.live.server.id;
  }

  item(): TreeItem {
    const { server, connection } = this.live;
    const { link, snapshot } = connection;
    const item = new TreeItem(server.name, TreeItemCollapsibleState.Expanded);
    const [icon, color] = icons[link.state];
    item.id = this.id;
    item.iconPath = new ThemeIcon(icon, color ? new ThemeColor(color) : undefined);
    item.description = this.#description();
    item.tooltip = [
      server.url,
      snapshot.info && `Minicloud ${snapshot.info.version}`,
      'problem' in link && link.problem.why,
    ]
      .filter(Boolean)
      .join('\n');
    item.contextValue = facets('server', link.state);
    item.accessibilityInformation = {
      label: l10n.t('Server {0}, {1}', server.name, item.description || l10n.t('online')),
    };
    return item;
  }

  async children(): Promise<TreeNode[]> {
    const { server, connection } = this.live;
    const { link, snapshot } = connection;
    const known = link.state === 'online';
    const apps = (snapshot.apps ?? []).map((app) => new AppNode(this.live, app));
    if (link.state === 'unreachable') {
      const retry = { command: 'minicloud.retryServer', title: l10n.t('Retry') };
      const reason = {
        icon: 'debug-restart',
        label: l10n.t('Retry'),
        description: link.problem.why,
        tooltip: link.problem.remedy,
        command: retry,
        facets: ['retry'],
      };
      return [new MessageNode(`${this.id}/unreachable`, server.id, reason), ...apps];
    }
    if (link.state === 'rejected') {
      const replace = { command: 'minicloud.replaceToken', title: l10n.t('Replace Token…') };
      const reason = {
        icon: 'key',
        color: 'list.errorForeground',
        label: l10n.t('Replace Token…'),
        description: l10n.t('the server refuses this one'),
        tooltip: link.problem.remedy,
        command: replace,
      };
      return [new MessageNode(`${this.id}/rejected`, server.id, reason)];
    }
    if (known && apps.length === 0) {
      const deploy = { command: 'minicloud.deployManifest', title: l10n.t('Deploy'), arguments: [] };
      const empty = {
        icon: 'rocket',
        label: l10n.t('No apps yet'),
        description: l10n.t('Deploy a manifest'),
        command: deploy,
      };
      return [new MessageNode(`${this.id}/empty`, server.id, empty)];
    }
    return apps;
  }

  #description(): string {
    const { link, snapshot } = this.live.connection;
    const seen = snapshot.asOf === undefined ? '' : l10n.t('seen {0}', formatAge(snapshot.asOf, Date.now(), l10n.t));
    switch (link.state) {
      case 'connecting':
        return snapshot.apps ? seen : l10n.t('connecting…');
      case 'unreachable':
        return [l10n.t('unreachable'), seen].filter(Boolean).join(', ');
      case 'rejected':
        return l10n.t('token rejected');
      case 'idle':
        return seen;
      case 'online':
        return new URL(this.live.server.url).host === this.live.server.name ? '' : new URL(this.live.server.url).host;
    }
  }
}
