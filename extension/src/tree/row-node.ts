import type { AppSummary } from 'minicloud-shared/model/app';
import type { ConfigEntry } from 'minicloud-shared/model/config';
import { type Command, type MarkdownString, ThemeColor, ThemeIcon, TreeItem } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import { type AppRow, facets, type TreeNode } from './node.ts';

export interface Row {
  icon: string;
  color?: string | undefined;
  label: string;
  description?: string | undefined;
  tooltip?: string | MarkdownString | undefined;
  /** Said by a screen reader instead of label and description, where these are short of what the eye sees beside. */
  spoken?: string;
  facets: string[];
  /** Of a binding: the variable in which the app is given its URL. */
  env?: string;
  /** Of a config var or a secret: what it is called, and as what it is set. */
  variable?: Pick<ConfigEntry, 'name' | 'kind'>;
  /** Called with the row itself. */
  command?: Pick<Command, 'command' | 'title'>;
}

/** One fact about an app: a volume, a binding, a domain. */
export class RowNode implements AppRow {
  readonly id: string;
  readonly live: LiveServer;
  readonly app: AppSummary;
  readonly row: Row;

  constructor(id: string, live: LiveServer, app: AppSummary, row: Row) {
    this.id = id;
    this.live = live;
    this.app = app;
    this.row = row;
  }

  get serverId(): string {
    return this.live.server.id;
  }

  item(): TreeItem {
    const { icon, color, label, description, tooltip, spoken, command } = this.row;
    const item = new TreeItem(label);
    item.id = this.id;
    item.iconPath = new ThemeIcon(icon, color ? new ThemeColor(color) : undefined);
    item.description = description;
    item.tooltip = tooltip ?? [label, description].filter(Boolean).join('\n');
    item.contextValue = facets(...this.row.facets);
    item.accessibilityInformation = { label: spoken ?? [label, description].filter(Boolean).join(', ') };
    if (command) item.command = { ...command, arguments: [this] };
    return item;
  }

  async children(): Promise<TreeNode[]> {
    return [];
  }
}
