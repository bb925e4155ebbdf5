import { env } from 'vscode';
import type { Services } from '../services.ts';
import { pickUrl } from './open-in-browser.ts';

export async function copyUrl(services: Services, argument: unknown): Promise<void> {
  const url = await pickUrl(services, argument);
  if (url) await env.clipboard.writeText(url);
}
