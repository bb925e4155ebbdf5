import type { AppSummary } from 'minicloud-shared/model/app';
import { l10n, ThemeIcon, TreeItem } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import { facets, type TreeNode } from './node.ts';

/** An address of an app; a click opens it. */
export class UrlNode implements TreeNode {
  readonly id: string;
  readonly live: LiveServer;
  readonly app: AppSummary;
  readonly url: string;

  constructor(live: LiveServer, app: AppSummary, url: string) {
    this.id = `url:${live.server.id}/${app.name}/${url}`;
    this.live = live;
    this.app = app;
    this.url = url;
  }

  get serverId(): string {
    return this.live.server.id;
  }

  item(): TreeItem {
    const item = new TreeItem(this.url.replace(/^https?:\/\//, '').replace(/\/$/, ''));
    item.id = this.id;
    item.iconPath = new ThemeIcon(this.url.startsWith('https:') ? 'lock' : 'globe');
    item.tooltip = l10n.t('Open {0}', this.url);
    item.contextValue = facets('address', 'url');
    item.command = { command: 'minicloud.openInBrowser', title: l10n.t('Open in Browser'), arguments: [this] };
    item.accessibilityInformation = { label: l10n.t('Address {0}', this.url) };
    return item;
  }

  async children(): Promise<TreeNode[]> {
    return [];
  }
}
