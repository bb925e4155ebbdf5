import type { AppRoute, AppSummary } from 'minicloud-shared/model/app';
import { l10n, ThemeColor, ThemeIcon, TreeItem } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import { certificateLook } from './certificate-words.ts';
import { type AppRow, facets, type TreeNode } from './node.ts';

/** What is known of an address: from an older server only where it is. */
export type Address = Pick<AppRoute, 'process' | 'port' | 'certificate'>;

/** An address of an app with the state of its certificate; a click opens it. */
export class UrlNode implements AppRow {
  readonly id: string;
  readonly live: LiveServer;
  readonly app: AppSummary;
  readonly url: string;
  readonly address: Address;

  constructor(live: LiveServer, app: AppSummary, url: string, address: Address) {
    this.id = `url:${live.server.id}/${app.name}/${url}`;
    this.live = live;
    this.app = app;
    this.url = url;
    this.address = address;
  }

  get serverId(): string {
    return this.live.server.id;
  }

  item(): TreeItem {
    const { process, port, certificate } = this.address;
    const { icon, color, words } = certificateLook(certificate, this.live.connection.now(), l10n.t);
    const item = new TreeItem(this.url.replace(/^https?:\/\//, '').replace(/\/$/, ''));
    item.id = this.id;
    item.iconPath = new ThemeIcon(icon, color ? new ThemeColor(color) : undefined);
    item.description = [`${process}:${port}`, words].join(' · ');
    item.tooltip = [
      l10n.t('Open {0}', this.url),
      words,
      certificate.issuer && l10n.t('Signed by {0}', certificate.issuer),
      certificate.notAfter !== undefined && l10n.t('Valid until {0}', new Date(certificate.notAfter).toLocaleString()),
    ]
      .filter(Boolean)
      .join('\n');
    item.contextValue = facets('address', 'url');
    item.command = { command: 'minicloud.openInBrowser', title: l10n.t('Open in Browser'), arguments: [this] };
    item.accessibilityInformation = { label: l10n.t('Address {0}, {1}', this.url, item.description) };
    return item;
  }

  async children(): Promise<TreeNode[]> {
    return [];
  }
}
