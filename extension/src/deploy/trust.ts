import { l10n, window, workspace } from 'vscode';
import { offer } from '../offer.ts';

/** False, and said so, in a workspace that the person has not trusted: what is in it is checked and nothing is sent. */
export function trusted(): boolean {
  if (workspace.isTrusted) return true;
  void offer(
    l10n.t('This workspace is not trusted: manifests are checked, and nothing is planned or deployed from here.'),
    l10n.t('Manage Workspace Trust'),
    'workbench.trust.manage',
    window.showWarningMessage,
  );
  return false;
}
