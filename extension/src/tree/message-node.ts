import { type Command, ThemeColor, ThemeIcon, TreeItem } from 'vscode';
import { facets, type TreeNode } from './node.ts';

export interface Message {
  icon: string;
  color?: string;
  label: string;
  description?: string;
  tooltip?: string;
  /** What a click does: the one thing that helps. */
  command?: Command;
  facets?: string[];
}

/** A row that tells something about its parent: why there is nothing, and what to do about it. */
export class MessageNode implements TreeNode {
  readonly id: string;
  readonly serverId: string;
  readonly message: Message;

  constructor(id: string, serverId: string, message: Message) {
    this.id = id;
    this.serverId = serverId;
    this.message = message;
  }

  item(): TreeItem {
    const { icon, color, label, description, tooltip, command } = this.message;
    const item = new TreeItem(label);
    item.id = this.id;
    item.iconPath = new ThemeIcon(icon, color ? new ThemeColor(color) : undefined);
    item.description = description;
    item.tooltip = tooltip;
    item.command = command ? { ...command, arguments: command.arguments ?? [this] } : undefined;
    item.contextValue = facets('message', ...(this.message.facets ?? []));
    item.accessibilityInformation = { label: [label, description].filter(Boolean).join(', ') };
    return item;
  }

  async children(): Promise<TreeNode[]> {
    return [];
  }
}
