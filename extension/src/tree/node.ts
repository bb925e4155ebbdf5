import type { AppSummary } from 'minicloud-shared/model/app';
import type { CancellationToken, TreeItem } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';

/** As whom the tree looks into apps: those that are unfolded. */
export const treeLooker = 'tree';

/** One row of the tree. `id` is stable over refreshes, so that selection and expansion stay where they are. */
export interface TreeNode {
  readonly id: string;
  /** How long what `resolve` adds stays true enough, milliseconds. */
  readonly freshMs?: number;
  item(): TreeItem;
  children(): Promise<TreeNode[]>;
  /** Completes the item when somebody points at it, with what costs a question to the server. */
  resolve?(item: TreeItem, token: CancellationToken): Promise<void>;
}

/** A row about an app: a command called on it knows which. */
export interface AppRow extends TreeNode {
  readonly live: LiveServer;
  readonly app: AppSummary;
}

export function isAppRow(value: unknown): value is AppRow {
  return typeof value === 'object' && value !== null && 'live' in value && 'app' in value && 'children' in value;
}

/** Facets of a row that menus look for: `;app;online;logs;`. */
export function facets(...names: (string | false | undefined)[]): string {
  return `;${names.filter(Boolean).join(';')};`;
}

/** True when the server is there and has said that it can do `feature`. */
export function offers({ connection }: LiveServer, feature: string): boolean {
  return connection.link.state === 'online' && connection.snapshot.info?.features.includes(feature) === true;
}
