import type { AppSummary } from 'minicloud-shared/model/app';
import { operationEnded } from 'minicloud-shared/model/operation';
import { l10n, MarkdownString, TreeItem, TreeItemCollapsibleState, workspace } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import { appIcon, appStateLabel } from './app-look.ts';
import { facets, type TreeNode } from './node.ts';
import { OperationNode } from './operation-node.ts';
import { ReleaseNode } from './release-node.ts';
import { UrlNode } from './url-node.ts';

/** An app: where it answers, what is being done to it, its latest releases. */
export class AppNode implements TreeNode {
  readonly id: string;
  readonly live: LiveServer;
  readonly app: AppSummary;

  constructor(live: LiveServer, app: AppSummary) {
    this.id = `app:${live.server.id}/${app.name}`;
    this.live = live;
    this.app = app;
  }

  get serverId(): string {
    return this.live.server.id;
  }

  item(): TreeItem {
    const { app } = this;
    const { link, snapshot } = this.live.connection;
    const known = link.state === 'online';
    const offers = (feature: string): boolean => known && snapshot.info?.features.includes(feature) === true;
    const item = new TreeItem(app.name, TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.iconPath = appIcon(app.state, known);
    const state = [
      appStateLabel(app.state),
      app.release && l10n.t('release {0}', app.release),
      app.environment === 'staging' && l10n.t('staging'),
    ];
    item.description = state.filter(Boolean).join(' · ');
    const tooltip = new MarkdownString();
    tooltip.appendText(
      [app.name, item.description, app.image, ...app.urls.map(({ url }) => url)].filter(Boolean).join('\n'),
    );
    item.tooltip = tooltip;
    item.contextValue = facets(
      'app',
      known && 'online',
      app.urls.length > 0 && 'url',
      app.kind === 'container' && offers('logs') && 'logs',
      offers('rollbacks') && 'rollbacks',
    );
    item.accessibilityInformation = { label: l10n.t('App {0}, {1}', app.name, item.description) };
    return item;
  }

  async children(): Promise<TreeNode[]> {
    const { connection } = this.live;
    const most = workspace.getConfiguration('minicloud').get<number>('tree.releases', 5);
    const releases = await connection.releases(this.app.name);
    const operation = connection.snapshot.operations.get(this.app.name);
    return [
      ...(operation && !operationEnded[operation.state] ? [new OperationNode(this.live, operation)] : []),
      ...this.app.urls.map(({ url }) => new UrlNode(this.live, this.app, url)),
      ...releases.slice(0, most).map((release) => new ReleaseNode(this.live, this.app, release)),
    ];
  }
}
