import { commands, type Disposable, Uri, workspace } from 'vscode';
import { manifestGlob } from './manifest-source.ts';

const mostManifests = 1000;

/**
 * Tells the editor which folders of the workspace hold a manifest, so that their menus offer what a manifest's does. The
 * editor's own search finds them; nothing is read here.
 */
export function tellManifestFolders(): Disposable {
  let over = false;
  let looking = false;
  let again = false;
  // One search at a time: a checkout makes and deletes many files.
  const look = async (): Promise<void> => {
    again = true;
    if (looking) return;
    looking = true;
    while (again && !over) {
      again = false;
      const found = await workspace.findFiles(manifestGlob, '**/node_modules/**', mostManifests);
      // In menus a file of this machine has its path as the system writes it, any other the one of its address.
      const folders = new Set(
        found.map((uri) => Uri.joinPath(uri, '..')).flatMap(({ fsPath, path }) => [fsPath, path]),
      );
      if (!over) void commands.executeCommand('setContext', 'minicloud.folders', [...folders]);
    }
    looking = false;
  };
  // Without an answer folders offer nothing, and the manifests in them still do.
  const update = (): void => {
    look().catch(() => {
      looking = false;
    });
  };
  const watcher = workspace.createFileSystemWatcher(manifestGlob, false, true, false);
  const subscriptions = [
    watcher,
    watcher.onDidCreate(update),
    watcher.onDidDelete(update),
    workspace.onDidChangeWorkspaceFolders(update),
  ];
  update();
  return {
    dispose() {
      over = true;
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}
