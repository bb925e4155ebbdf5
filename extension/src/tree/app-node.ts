import { describeError } from 'minicloud-shared/client/describe-error';
import type { AppSummary } from 'minicloud-shared/model/app';
import { type Operation, operationEnded } from 'minicloud-shared/model/operation';
import { type CancellationToken, l10n, TreeItem, TreeItemCollapsibleState, workspace } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import { appGroups } from './app-groups.ts';
import { appIcon, appStateLabel } from './app-look.ts';
import { appTooltip } from './app-tooltip.ts';
import { MessageNode } from './message-node.ts';
import { type AppRow, facets, offers, type TreeNode, treeLooker } from './node.ts';
import { OperationNode } from './operation-node.ts';
import type { TreeParts } from './tree-parts.ts';

/** How far back the sparkline of a tooltip goes. */
const tooltipMs = 3_600_000;

/** An app: what is being done to it, and all that belongs to it in groups. Its detail is asked for when it is opened. */
export class AppNode implements AppRow {
  readonly id: string;
  readonly live: LiveServer;
  readonly app: AppSummary;
  readonly freshMs = 60_000;
  readonly #parts: TreeParts;

  constructor(live: LiveServer, app: AppSummary, parts: TreeParts) {
    this.id = `app:${live.server.id}/${app.name}`;
    this.live = live;
    this.app = app;
    this.#parts = parts;
  }

  get serverId(): string {
    return this.live.server.id;
  }

  item(): TreeItem {
    const { app, live } = this;
    const known = live.connection.link.state === 'online';
    const item = new TreeItem(app.name, TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.iconPath = appIcon(app.state, known);
    const state = [
      appStateLabel(app.state),
      app.release && l10n.t('release {0}', app.release),
      app.environment === 'staging' && l10n.t('staging'),
    ];
    item.description = state.filter(Boolean).join(' · ');
    const container = app.kind === 'container';
    item.contextValue = facets(
      'app',
      known && 'online',
      app.urls.length > 0 && 'url',
      container && offers(live, 'logs') && 'logs',
      container && offers(live, 'exec') && 'exec',
      container && offers(live, 'forward') && 'forward',
      container && offers(live, 'metrics') && 'metrics',
      offers(live, 'rollback-plans') && 'rollbacks',
      container && offers(live, 'config') && 'config',
      this.#parts.logs.follows({ serverId: live.server.id, app: app.name }) && 'followed',
    );
    item.accessibilityInformation = { label: l10n.t('App {0}, {1}', app.name, item.description) };
    return item;
  }

  /** The tooltip, with what only the server knows: asked when somebody points here and not before. */
  async resolve(item: TreeItem, token: CancellationToken): Promise<void> {
    const { live, app } = this;
    item.tooltip = appTooltip({ app, ...this.#known() });
    if (live.connection.link.state !== 'online') return;
    const [detail, releases, metrics] = await Promise.allSettled([
      live.connection.snapshot.details.get(app.name) ?? live.api.apps.get.query({ name: app.name }),
      live.api.releases.list.query({ app: app.name }),
      offers(live, 'metrics') ? live.api.metrics.app.query({ app: app.name, sinceMs: tooltipMs }) : undefined,
    ]);
    if (token.isCancellationRequested) return;
    item.tooltip = appTooltip({
      app,
      now: live.connection.now(),
      ...(detail.status === 'fulfilled' ? { detail: detail.value } : {}),
      ...(releases.status === 'fulfilled' ? { releases: releases.value } : {}),
      ...(metrics.status === 'fulfilled' ? { metrics: metrics.value } : {}),
    });
  }

  async children(): Promise<TreeNode[]> {
    const { live, app } = this;
    const { connection } = live;
    const forwards = this.#parts.forwards.of(live.server.id, app.name);
    const told = connection.snapshot.operations.get(app.name);
    const rowOf = (operation: Operation | undefined): TreeNode[] =>
      operation && operationEnded[operation.state] === false ? [new OperationNode(live, app, operation)] : [];
    let running = rowOf(told);
    try {
      const [detail, releases] = await Promise.all([
        connection.detail(app.name, treeLooker),
        connection.releases(app.name),
      ]);
      // Events may have been missed while the server was away: what is known to have ended has ended.
      const asked = detail?.activity ?? [];
      const ended = asked.some(({ id, state }) => id === told?.id && operationEnded[state] !== false);
      if (ended || !told) running = rowOf(asked.find(({ state }) => operationEnded[state] === false));
      const most = workspace.getConfiguration('minicloud').get<number>('tree.releases', 5);
      const groups = appGroups({ live, app, detail, releases: releases.slice(0, most), forwards });
      return [...running, ...groups];
    } catch (error) {
      const { why, remedy } = describeError(error, live.server.name);
      const retry = { command: 'minicloud.refreshApps', title: l10n.t('Refresh Apps') };
      const message = {
        icon: 'warning',
        label: l10n.t('Try Again'),
        description: why,
        tooltip: remedy,
        command: retry,
      };
      return [...running, new MessageNode(`${this.id}/unknown`, this.serverId, message)];
    }
  }

  #known() {
    const { connection } = this.live;
    const { details, releases } = connection.snapshot;
    return { now: connection.now(), detail: details.get(this.app.name), releases: releases.get(this.app.name) ?? [] };
  }
}
