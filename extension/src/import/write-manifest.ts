/** Writing an imported manifest: never over another one without asking, and then by one edit that can be undone. */
import { l10n, Range, Uri, WorkspaceEdit, window, workspace } from 'vscode';
import type { ImportPreview } from './import-previews.ts';

/** In the order in which they count, where there are several. */
const names = ['cloud_manifest.yml', 'cloud_manifest.yaml', 'cloud_manifest.json'] as const;

/** The manifest of this folder; undefined where there is none. */
export async function manifestIn(folder: Uri): Promise<Uri | undefined> {
  for (const name of names) {
    const uri = Uri.joinPath(folder, name);
    if (await exists(uri)) return uri;
  }
  return undefined;
}

/** Where a manifest that is written into this folder goes: never as JSON, which has no comments. */
export function newManifestIn(folder: Uri): Uri {
  return Uri.joinPath(folder, names[0]);
}

/** Where a manifest of this folder is, or would be, and whether one is there. */
export async function manifestTarget(folder: Uri): Promise<{ target: Uri; replaces: boolean }> {
  const found = await manifestIn(folder);
  if (found && !found.path.endsWith('.json')) return { target: found, replaces: true };
  return { target: newManifestIn(folder), replaces: false };
}

/** True when it was written. False when the person did not want the one that is there replaced. */
export async function writeImported({ target, text }: ImportPreview): Promise<boolean> {
  if (await exists(target)) {
    const replace = l10n.t('Replace');
    const chosen = await window.showWarningMessage(
      l10n.t('Replace {0}?', workspace.asRelativePath(target)),
      { modal: true, detail: l10n.t('What it says now goes. Undo brings it back as long as the editor is open.') },
      replace,
    );
    if (chosen !== replace) return false;
    const edit = new WorkspaceEdit();
    const { lineCount } = await workspace.openTextDocument(target);
    edit.replace(target, new Range(0, 0, lineCount, 0), text);
    if (!(await workspace.applyEdit(edit))) return notWritten(target);
  } else {
    if (!(await mayPassBy(target))) return false;
    // Not by an edit: to undo that would delete the file, with all that was written into it since.
    const written = await Promise.resolve(workspace.fs.writeFile(target, new TextEncoder().encode(text))).then(
      () => true,
      () => false,
    );
    if (!written) return notWritten(target);
  }
  const document = await workspace.openTextDocument(target);
  await window.showTextDocument(document, { preview: false });
  await document.save();
  return true;
}

function notWritten(target: Uri): false {
  void window.showErrorMessage(
    l10n.t('{0} could not be written. Nothing was changed.', workspace.asRelativePath(target)),
  );
  return false;
}

/** False when there is a manifest as JSON, which would not count any more, and the person wants to keep it so. */
async function mayPassBy(target: Uri): Promise<boolean> {
  const json = Uri.joinPath(target, '..', names[2]);
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
