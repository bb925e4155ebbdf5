import { type CancellationToken, RelativePattern, Uri, workspace } from 'vscode';
import { maxFiles } from '../../language-server/server/protocol.ts';

/** Folders that are made and not written, and that would fill the list with what nobody names in a manifest. */
const left = '**/{node_modules,.git,vendor,target,__pycache__,.venv,.next,.cache}/**';

/**
 * Files below a manifest's folder, relative to it. None for a manifest outside the workspace: its folder may be
 * anything, a home folder with a million files too.
 */
export async function filesAround(manifest: Uri, cancelled: CancellationToken): Promise<string[]> {
  if (!workspace.getWorkspaceFolder(manifest)) return [];
  const folder = Uri.joinPath(manifest, '..');
  const found = await workspace.findFiles(new RelativePattern(folder, '**/*'), left, maxFiles, cancelled);
  const prefix = folder.path.endsWith('/') ? folder.path : `${folder.path}/`;
  return found
    .filter(({ path }) => path.startsWith(prefix))
    .map(({ path }) => path.slice(prefix.length))
    .sort();
}
