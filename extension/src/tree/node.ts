import type { TreeItem } from 'vscode';

/** One row of the tree. `id` is stable over refreshes, so that selection and expansion stay where they are. */
export interface TreeNode {
  readonly id: string;
  item(): TreeItem;
  children(): Promise<TreeNode[]>;
}

/** Facets of a row that menus look for: `;app;online;logs;`. */
export function facets(...names: (string | false | undefined)[]): string {
  return `;${names.filter(Boolean).join(';')};`;
}
