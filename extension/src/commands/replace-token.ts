import { l10n, window } from 'vscode';
import type { Server } from '../servers/server.ts';
import type { Services } from '../services.ts';
import { askToken } from './ask-token.ts';
import { pickServer } from './pick.ts';

/** Gives a server another token; the connection tries it at once. */
export async function replaceToken(services: Services, argument: unknown): Promise<void> {
  const live = await pickServer(services, argument, l10n.t('Replace the token of which server?'));
  const token = live && (await askToken(live.server.name));
  if (live && token) await giveToken(services, live.server, token);
}

/** Gives a server that is known another token, and says so when it can't be kept. */
export async function giveToken(services: Services, server: Server, token: string): Promise<void> {
  const kept = await services.tokens.set(server.id, token);
  services.connections.get(server.id)?.connection.retry();
  if (kept === 'session')
    void window.showWarningMessage(
      l10n.t('The token is kept for this session only: this machine has no working keyring.'),
    );
}
