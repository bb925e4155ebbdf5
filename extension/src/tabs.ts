/** Tabs by what they show. */
import { type Tab, Uri, window } from 'vscode';

/** Documents that a tab shows: one, or the two sides of a comparison. */
export function urisOf({ input }: Tab): Uri[] {
  if (typeof input !== 'object' || input === null) return [];
  const { uri, original, modified } = input as Record<string, unknown>;
  return [uri, original, modified].filter((each) => each instanceof Uri);
}

export function tabsOf(uri: Uri): Tab[] {
  const tabs = window.tabGroups.all.flatMap((group) => group.tabs);
  return tabs.filter((tab) => urisOf(tab).some((each) => each.toString() === uri.toString()));
}

/** Documents of `scheme` that no tab shows any more, now that these are closed: one may be in two halves of a window. */
export function gone(closed: readonly Tab[], scheme: string): Uri[] {
  return closed.flatMap(urisOf).filter((uri) => uri.scheme === scheme && tabsOf(uri).length === 0);
}
