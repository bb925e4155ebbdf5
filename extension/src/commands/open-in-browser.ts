import { env, l10n, Uri, window } from 'vscode';
import type { Services } from '../services.ts';
import { appsOf, pickApp } from './pick.ts';

/** Opens an app in the browser; asks which address when it has several. Of several apps, the first address of each. */
export async function openInBrowser(
  services: Services,
  argument: unknown,
  selected?: readonly unknown[],
): Promise<void> {
  for (const url of await pickUrls(services, argument, selected)) {
    // Addresses come from the server: only what a browser may open as a page is opened.
    if (/^https?:\/\//.test(url)) await env.openExternal(Uri.parse(url, true));
  }
}

/** The addresses of what a command is about. None when nothing was picked, or the person was told that there is none. */
export async function pickUrls(
  services: Services,
  argument: unknown,
  selected: readonly unknown[] = [],
): Promise<string[]> {
  if (selected.length > 1) {
    const rows = selected.map(urlOf);
    const firsts = appsOf(undefined, selected).map(({ app }) => app.urls[0]?.url);
    return [...new Set(rows.some(Boolean) ? rows : firsts)].filter((url) => url !== undefined);
  }
  const url = urlOf(argument) ?? (await pickUrl(services, argument));
  return url === undefined ? [] : [url];
}

/** Rows with an address of their own, and what messages and lenses hand over. */
function urlOf(value: unknown): string | undefined {
  const url = typeof value === 'object' && value !== null && 'url' in value ? value.url : undefined;
  return typeof url === 'string' ? url : undefined;
}

async function pickUrl(services: Services, argument: unknown): Promise<string | undefined> {
  const picked = await pickApp(services, argument, l10n.t('Which app?'));
  if (!picked) return undefined;
  const urls = picked.app.urls.map(({ url }) => url);
  if (urls.length > 1) return window.showQuickPick(urls, { placeHolder: l10n.t('Which address?') });
  if (urls.length === 0)
    void window.showInformationMessage(
      l10n.t('{0} has no address: its manifest exposes no http port.', picked.app.name),
    );
  return urls[0];
}
