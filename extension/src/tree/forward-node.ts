import type { AppSummary } from 'minicloud-shared/model/app';
import { l10n, ThemeColor, ThemeIcon, TreeItem } from 'vscode';
import type { Forward } from '../forwards/forwards.ts';
import type { LiveServer } from '../servers/connections.ts';
import { type AppRow, facets, type TreeNode } from './node.ts';

/** A port of this machine that leads into an app's network, until it is stopped. */
export class ForwardNode implements AppRow {
  readonly id: string;
  readonly live: LiveServer;
  readonly app: AppSummary;
  readonly forward: Forward;

  constructor(live: LiveServer, app: AppSummary, forward: Forward) {
    this.id = `forward:${live.server.id}/${app.name}/${forward.id}`;
    this.live = live;
    this.app = app;
    this.forward = forward;
  }

  get serverId(): string {
    return this.live.server.id;
  }

  /** Where a browser finds it; undefined for what no browser speaks. */
  get url(): string | undefined {
    return this.forward.url;
  }

  item(): TreeItem {
    const { forward } = this;
    const item = new TreeItem(forward.address);
    item.id = this.id;
    const broken = forward.problem !== undefined;
    item.iconPath = broken
      ? new ThemeIcon('warning', new ThemeColor('list.warningForeground'))
      : new ThemeIcon('arrow-swap');
    item.description = [
      `→ ${forward.target}:${forward.targetPort}`,
      forward.env,
      forward.open === 1 ? l10n.t('1 connection') : forward.open > 1 && l10n.t('{0} connections', forward.open),
    ]
      .filter(Boolean)
      .join(' · ');
    item.tooltip = [
      l10n.t(
        '{0} on this machine leads to {1}:{2} of {3}',
        forward.address,
        forward.target,
        forward.targetPort,
        this.app.name,
      ),
      forward.problem,
    ]
      .filter(Boolean)
      .join('\n');
    item.contextValue = facets('forwarded', this.url && 'url', forward.env && 'credentials');
    item.accessibilityInformation = {
      label: [
        l10n.t('Port {0} leads to {1} port {2}', forward.port, forward.target, forward.targetPort),
        forward.problem,
      ]
        .filter(Boolean)
        .join(', '),
    };
    return item;
  }

  async children(): Promise<TreeNode[]> {
    return [];
  }
}
