import { env, l10n, Uri, window } from 'vscode';
import type { Services } from '../services.ts';
import { UrlNode } from '../tree/url-node.ts';
import { pickApp } from './pick.ts';

/** Opens an app in the browser; asks which address when it has several. */
export async function openInBrowser(services: Services, argument: unknown): Promise<void> {
  const url = await pickUrl(services, argument);
  // Addresses come from the server: only what a browser may open as a page is opened.
  if (url && /^https?:\/\//.test(url)) await env.openExternal(Uri.parse(url, true));
}

/** The address of what a command is about. Undefined when the person picked nothing or was told that there is none. */
export async function pickUrl(services: Services, argument: unknown): Promise<string | undefined> {
  if (argument instanceof UrlNode) return argument.url;
  const told = typeof argument === 'object' && argument !== null && 'url' in argument ? argument.url : undefined;
  if (typeof told === 'string') return told;
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
