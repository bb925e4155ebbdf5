import { commands, l10n, Uri, window, workspace } from 'vscode';
import { manifestFor } from '../deploy/new-manifest.ts';
import { sampleManifest } from '../deploy/sample-manifest.ts';
import type { Services } from '../services.ts';

/**
 * Writes a manifest into a folder that has none, and opens it: the smallest useful one, or with `sample` the one of
 * the sample that comes with a server. An existing one is only opened.
 */
export async function createManifest({ connections }: Services, argument: unknown): Promise<void> {
  const folders = workspace.workspaceFolders ?? [];
  const folder = folders.length > 1 ? await window.showWorkspaceFolderPick() : folders[0];
  if (!folder) {
    if (folders.length === 0) await askFolder();
    return;
  }
  const uri = Uri.joinPath(folder.uri, 'cloud_manifest.yml');
  const exists = await workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
  const facts = connections.all().flatMap(({ connection }) => connection.facts ?? []);
  const sample = argument === 'sample' ? facts.map(sampleManifest).find((text) => text !== undefined) : undefined;
  if (!exists) await workspace.fs.writeFile(uri, new TextEncoder().encode(sample ?? manifestFor(folder.name)));
  else void window.showInformationMessage(l10n.t('{0} has a manifest already.', folder.name));
  // Not as a preview: that would take the place of the walkthrough.
  await window.showTextDocument(uri, { preview: false });
}

async function askFolder(): Promise<void> {
  const open = l10n.t('Open Folder…');
  const chosen = await window.showInformationMessage(
    l10n.t('A manifest lives in a folder, beside what it deploys. Open one first.'),
    open,
  );
  if (chosen === open) await commands.executeCommand('vscode.openFolder');
}
