import { env } from 'vscode';
import type { Services } from '../services.ts';
import { pickUrls } from './open-in-browser.ts';

/** Copies the address of what it is called on; of several, one a line. */
export async function copyUrl(services: Services, argument: unknown, selected?: readonly unknown[]): Promise<void> {
  const urls = await pickUrls(services, argument, selected);
  if (urls.length > 0) await env.clipboard.writeText(urls.join('\n'));
}
