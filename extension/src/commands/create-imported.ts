import { l10n, Uri, window } from 'vscode';
import { importScheme } from '../import/import-previews.ts';
import { writeImported } from '../import/write-manifest.ts';
import type { Services } from '../services.ts';

/** Writes the imported manifest that is shown, and opens it. One that is there is replaced only when the person says so. */
export async function createImported({ imports }: Services, argument: unknown): Promise<void> {
  const uri = argument instanceof Uri && argument.scheme === importScheme ? argument : imports.active();
  const preview = uri && imports.get(uri);
  if (!preview) {
    void window.showInformationMessage(l10n.t('There is no import to write. Make one with “Minicloud: Import…”.'));
    return;
  }
  if (await writeImported(preview)) await imports.close(uri);
}
