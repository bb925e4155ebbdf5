import { l10n, Uri, window, workspace } from 'vscode';
import { manifestFor } from '../deploy/new-manifest.ts';
import type { Services } from '../services.ts';

/** Writes the smallest useful manifest into a folder that has none, and opens it. An existing one is only opened. */
export async function createManifest(_services: Services): Promise<void> {
  const folders = workspace.workspaceFolders ?? [];
  const folder = folders.length > 1 ? await window.showWorkspaceFolderPick() : folders[0];
  if (!folder) return;
  const uri = Uri.joinPath(folder.uri, 'cloud_manifest.yml');
  const exists = await workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
  if (!exists) await workspace.fs.writeFile(uri, new TextEncoder().encode(manifestFor(folder.name)));
  else void window.showInformationMessage(l10n.t('{0} has a manifest already.', folder.name));
  await window.showTextDocument(uri);
}
