/** Writing an imported manifest: by one edit that the editor can undo, and never over another one without asking. */
import { l10n, Range, Uri, WorkspaceEdit, window, workspace } from 'vscode';
import type { ImportPreview } from './import-previews.ts';

const names = ['cloud_manifest.yml', 'cloud_manifest.yaml'] as const;

/** Where a manifest of this folder is, or would be, and whether one is there. */
export async function manifestTarget(folder: Uri): Promise<{ target: Uri; replaces: boolean }> {
  for (const name of names) {
    const target = Uri.joinPath(folder, name);
    if (await exists(target)) return { target, replaces: true };
  }
  return { target: Uri.joinPath(folder, names[0]), replaces: false };
}

/** True when it was written. False when the person did not want the one that is there replaced. */
export async function writeImported({ target, text }: ImportPreview): Promise<boolean> {
  const edit = new WorkspaceEdit();
  if (await exists(target)) {
    const replace = l10n.t('Replace');
    const chosen = await window.showWarningMessage(
      l10n.t('Replace {0}?', workspace.asRelativePath(target)),
      { modal: true, detail: l10n.t('What it says now goes. Undo brings it back as long as the editor is open.') },
      replace,
    );
    if (chosen !== replace) return false;
    const document = await workspace.openTextDocument(target);
    edit.replace(target, new Range(0, 0, document.lineCount, 0), text);
  } else {
    if (!(await mayPassBy(target))) return false;
    edit.createFile(target, { overwrite: false, contents: new TextEncoder().encode(text) });
  }
  if (!(await workspace.applyEdit(edit))) {
    void window.showErrorMessage(
      l10n.t('{0} could not be written. Nothing was changed.', workspace.asRelativePath(target)),
    );
    return false;
  }
  const document = await workspace.openTextDocument(target);
  await window.showTextDocument(document, { preview: false });
  await document.save();
  return true;
}

/** False when there is a manifest as JSON, which would not count any more, and the person wants to keep it so. */
async function mayPassBy(target: Uri): Promise<boolean> {
  const json = Uri.joinPath(target, '..', 'cloud_manifest.json');
  if (!(await exists(json))) return true;
  const write = l10n.t('Write');
  const chosen = await window.showWarningMessage(
    l10n.t('Write {0}?', workspace.asRelativePath(target)),
    {
      modal: true,
      detail: l10n.t('{0} is there already, and would not count any more.', workspace.asRelativePath(json)),
    },
    write,
  );
  return chosen === write;
}

function exists(uri: Uri): Promise<boolean> {
  return Promise.resolve(workspace.fs.stat(uri)).then(
    () => true,
    () => false,
  );
}
