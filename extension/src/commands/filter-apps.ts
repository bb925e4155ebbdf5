import { l10n, window } from 'vscode';
import type { Services } from '../services.ts';

/** Shows only the apps that have every typed word in their name, state, image or address. Kept until it is cleared. */
export async function filterApps({ filter }: Services): Promise<void> {
  const typed = await window.showInputBox({
    title: l10n.t('Filter Apps'),
    prompt: l10n.t('Words of name, state, image or address; nothing shows every app'),
    placeHolder: l10n.t('shop failed'),
    value: filter.text,
  });
  if (typed !== undefined) await filter.set(typed);
}
