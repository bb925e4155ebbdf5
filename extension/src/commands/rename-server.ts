import { l10n, window } from 'vscode';
import type { Services } from '../services.ts';
import { pickServer } from './pick.ts';

/** Gives a server another name in this editor. */
export async function renameServer(services: Services, argument: unknown): Promise<void> {
  const live = await pickServer(services, argument, l10n.t('Rename which server?'));
  if (!live) return;
  const { id, name } = live.server;
  const typed = await window.showInputBox({
    title: l10n.t('Rename {0}', name),
    value: name,
    validateInput: (text) => (text.trim() ? undefined : l10n.t('A name has at least one letter')),
  });
  if (typed?.trim()) await services.servers.update(id, { name: typed.trim() });
}
