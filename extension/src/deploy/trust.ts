import { commands, l10n, window, workspace } from 'vscode';

/** False, and said so, in a workspace that the person has not trusted: what is in it is checked and nothing is sent. */
export function trusted(): boolean {
  if (workspace.isTrusted) return true;
  void explain();
  return false;
}

async function explain(): Promise<void> {
  const manage = l10n.t('Manage Workspace Trust');
  const chosen = await window.showWarningMessage(
    l10n.t('This workspace is not trusted: manifests are checked, and nothing is planned or deployed from here.'),
    manage,
  );
  if (chosen === manage) await commands.executeCommand('workbench.trust.manage');
}
