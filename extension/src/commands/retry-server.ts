import { l10n } from 'vscode';
import type { Services } from '../services.ts';
import { pickServer } from './pick.ts';

/** Tries a server again now instead of waiting for the next attempt. */
export async function retryServer(services: Services, argument: unknown): Promise<void> {
  (await pickServer(services, argument, l10n.t('Retry which server?')))?.connection.retry();
}
