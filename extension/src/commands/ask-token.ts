import { l10n, window } from 'vscode';

/** Asks for a token without showing it. Undefined when the person stopped. */
export async function askToken(server: string, value?: string): Promise<string | undefined> {
  const typed = await window.showInputBox({
    title: l10n.t('Token for {0}', server),
    prompt: l10n.t(
      'Kept by the editor’s secret storage. The server printed one when it was set up; “minicloud token create” makes more.',
    ),
    placeHolder: 'mc_…',
    value,
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^\S+$/.test(text.trim()) ? undefined : l10n.t('A token is one word that begins with mc_'),
  });
  return typed?.trim();
}
