import { env, l10n, window } from 'vscode';
import type { Services } from '../services.ts';
import { isVariableRow } from '../tree/config-group.ts';

/** Puts the names of the selected config vars and secrets on the clipboard, each on a line. Their values are not known here. */
export async function copyConfigName(_: Services, argument: unknown, selected: readonly unknown[] = []): Promise<void> {
  const rows = (selected.length > 0 ? selected : [argument]).filter(isVariableRow);
  if (rows.length === 0) return;
  await env.clipboard.writeText(rows.map(({ row }) => row.variable.name).join('\n'));
  window.setStatusBarMessage(l10n.t('Copied'), 3_000);
}
