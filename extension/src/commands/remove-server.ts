import { l10n, window } from 'vscode';
import type { Services } from '../services.ts';
import { pickServer } from './pick.ts';

/** Forgets a server and its token in this editor. Nothing changes on the server. */
export async function removeServer(services: Services, argument: unknown): Promise<void> {
  const live = await pickServer(services, argument, l10n.t('Remove which server from this editor?'));
  if (!live) return;
  const { id, name } = live.server;
  const remove = l10n.t('Remove');
  const detail = l10n.t('Its address and token are forgotten here. The server and its apps keep running.');
  if (
    (await window.showWarningMessage(l10n.t('Remove {0} from this editor?', name), { modal: true, detail }, remove)) ===
    remove
  ) {
    await services.servers.remove(id);
  }
}
