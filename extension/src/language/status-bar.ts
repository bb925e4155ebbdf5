import { commands, type Disposable, l10n, StatusBarAlignment, ThemeColor, window } from 'vscode';
import { isManifest } from '../deploy/manifest-source.ts';
import type { ManifestTargets } from '../deploy/manifest-targets.ts';
import type { Connections } from '../servers/connections.ts';

/** The one status bar item: where the manifest in the editor goes. A click chooses another server. */
export function createStatusBar(connections: Connections, targets: ManifestTargets): Disposable[] {
  const item = window.createStatusBarItem('minicloud.target', StatusBarAlignment.Left, 10);
  item.name = 'Minicloud';
  item.command = 'minicloud.chooseServer';
  let opened = false;
  const update = (): void => {
    const uri = window.activeTextEditor?.document.uri;
    if (uri && isManifest(uri) && !opened) {
      opened = true;
      // A step of the walkthrough is done by it.
      void commands.executeCommand('setContext', 'minicloud.manifestOpen', true);
    }
    if (!uri || !isManifest(uri) || connections.all().length === 0) {
      item.hide();
      return;
    }
    const live = targets.of(uri);
    const away = live?.connection.link.state === 'unreachable' || live?.connection.link.state === 'rejected';
    item.text = live
      ? `$(${away ? 'debug-disconnect' : 'cloud'}) ${live.server.name}`
      : `$(cloud) ${l10n.t('Choose Server…')}`;
    item.tooltip = live
      ? l10n.t('This manifest is deployed to {0}. Choose another server.', live.server.url)
      : l10n.t('Choose the server for this manifest');
    item.backgroundColor = away ? new ThemeColor('statusBarItem.warningBackground') : undefined;
    item.accessibilityInformation = {
      label: live ? l10n.t('Deploys to {0}', live.server.name) : l10n.t('No server chosen'),
    };
    item.show();
  };
  update();
  return [
    item,
    window.onDidChangeActiveTextEditor(update),
    connections.onDidChange(update),
    targets.onDidChange(update),
  ];
}
