import { l10n, window } from 'vscode';
import type { Services } from '../services.ts';
import { askToken } from './ask-token.ts';
import { pickServer } from './pick.ts';

/** Gives a server another token; the connection tries it at once. */
export async function replaceToken(services: Services, argument: unknown): Promise<void> {
  const live = await pickServer(services, argument, l10n.t('Replace the token of which server?'));
  const token = live && (await askToken(live.server.name));
  if (!live || !token) return;
  const kept = await services.tokens.set(live.server.id, token);
  live.connection.retry();
  if (kept === 'session')
    void window.showWarningMessage(
      l10n.t('The token is kept for this session only: this machine has no working keyring.'),
    );
}
