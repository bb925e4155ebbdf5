import type { AppSummary } from 'minicloud-shared/model/app';
import { l10n, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import { type AppRow, facets, type TreeNode } from './node.ts';

export interface Group {
  /** Part of the row's id, and its facet in menus. */
  kind: string;
  icon: string;
  label: string;
  description?: string | undefined;
  /** Open from the start. */
  expanded?: boolean;
  /** More facets for its menus. */
  facets?: (string | false)[];
  nodes: readonly TreeNode[];
}

/** Rows of one kind under an app. There is none without content. */
export class GroupNode implements AppRow {
  readonly id: string;
  readonly live: LiveServer;
  readonly app: AppSummary;
  readonly group: Group;

  constructor(live: LiveServer, app: AppSummary, group: Group) {
    this.id = `group:${live.server.id}/${app.name}/${group.kind}`;
    this.live = live;
    this.app = app;
    this.group = group;
  }

  get serverId(): string {
    return this.live.server.id;
  }

  item(): TreeItem {
    const { kind, icon, label, description, expanded, facets: more = [] } = this.group;
    const state = expanded ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed;
    const item = new TreeItem(label, state);
    item.id = this.id;
    item.iconPath = new ThemeIcon(icon);
    item.description = description;
    item.tooltip = [label, description].filter(Boolean).join(': ');
    item.contextValue = facets('group', kind, ...more);
    item.accessibilityInformation = {
      label: [l10n.t('{0} of {1}', label, this.app.name), description].filter(Boolean).join(', '),
    };
    return item;
  }

  async children(): Promise<TreeNode[]> {
    return [...this.group.nodes];
  }
}
