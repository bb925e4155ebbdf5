import type { Problem } from 'minicloud-shared/model/problem';
import { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import { aiFeaturesOn } from '../agents/ai-features.ts';
import { hiddenToolsWords, hidesMcp } from '../agents/mcp.ts';
import { isNoToken } from '../servers/api.ts';
import type { LiveServer } from '../servers/connections.ts';
import { formatAge } from './age.ts';
import { AppNode } from './app-node.ts';
import { type Message, MessageNode } from './message-node.ts';
import { facets, offers, type TreeNode } from './node.ts';
import { ProposalNode } from './proposal-node.ts';
import type { TreeParts } from './tree-parts.ts';

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
  readonly #parts: TreeParts;

  constructor(live: LiveServer, parts: TreeParts) {
    this.id = `server:${live.server.id}`;
    this.live = live;
    this.#parts = parts;
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
      hidesMcp(this.live) && aiFeaturesOn() && hiddenToolsWords(),
    ]
      .filter(Boolean)
      .join('\n');
    item.contextValue = facets('server', link.state, offers(this.live, 'deleted-apps') && 'deleted-apps');
    item.accessibilityInformation = {
      label: l10n.t('Server {0}, {1}', server.name, item.description || l10n.t('online')),
    };
    return item;
  }

  async children(): Promise<TreeNode[]> {
    const { connection } = this.live;
    const { link, snapshot } = connection;
    const all = snapshot.apps ?? [];
    const apps = all
      .filter((app) => this.#parts.filter.matches(app))
      .map((app) => new AppNode(this.live, app, this.#parts));
    if (link.state === 'unreachable') return [this.#message('unreachable', unreachable(link.problem)), ...apps];
    if (link.state === 'rejected') return [this.#message('rejected', rejected(link.problem))];
    const proposals = snapshot.proposals.map((proposal) => new ProposalNode(this.live, proposal));
    if (link.state === 'online' && all.length === 0) return [...proposals, this.#message('empty', noApps())];
    if (apps.length === 0 && all.length > 0) return [...proposals, this.#message('filtered', noMatch(all.length))];
    return [...proposals, ...apps];
  }

  #message(kind: string, message: Message): MessageNode {
    return new MessageNode(`${this.id}/${kind}`, this.serverId, message);
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
        return isNoToken(link.problem) ? l10n.t('no token') : l10n.t('token rejected');
      case 'idle':
        return seen;
      case 'online':
        return new URL(this.live.server.url).host === this.live.server.name ? '' : new URL(this.live.server.url).host;
    }
  }
}

function unreachable({ why, remedy }: { why: string; remedy: string }): Message {
  return {
    icon: 'debug-restart',
    label: l10n.t('Retry'),
    description: why,
    tooltip: remedy,
    command: { command: 'minicloud.retryServer', title: l10n.t('Retry') },
    facets: ['retry'],
  };
}

function rejected(problem: Problem): Message {
  return {
    icon: 'key',
    color: 'list.errorForeground',
    label: l10n.t('Replace Token…'),
    description: isNoToken(problem) ? problem.why : l10n.t('the server refuses this one'),
    tooltip: problem.remedy,
    command: { command: 'minicloud.replaceToken', title: l10n.t('Replace Token…') },
  };
}

function noApps(): Message {
  return {
    icon: 'rocket',
    label: l10n.t('No apps yet'),
    description: l10n.t('Deploy a manifest'),
    command: { command: 'minicloud.deployManifest', title: l10n.t('Deploy'), arguments: [] },
  };
}

function noMatch(apps: number): Message {
  return {
    icon: 'filter',
    label: l10n.t('Clear Filter'),
    description: apps === 1 ? l10n.t('it hides 1 app') : l10n.t('it hides {0} apps', apps),
    command: { command: 'minicloud.clearAppFilter', title: l10n.t('Clear Filter'), arguments: [] },
  };
}
