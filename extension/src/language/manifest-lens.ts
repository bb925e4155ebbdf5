import { CodeLens, type Disposable, EventEmitter, l10n, languages, Range, workspace } from 'vscode';
import type { ManifestTargets } from '../deploy/manifest-targets.ts';
import type { Connections } from '../servers/connections.ts';
import { appStateLabel } from '../tree/app-look.ts';

/** Above the first line of a manifest: what its app is doing on the server, and what can be done. */
export function createManifestLens(connections: Connections, targets: ManifestTargets): Disposable[] {
  const changed = new EventEmitter<void>();
  const provider = languages.registerCodeLensProvider(
    { language: 'cloud-manifest' },
    {
      onDidChangeCodeLenses: changed.event,
      provideCodeLenses({ uri, getText }) {
        if (!workspace.getConfiguration('minicloud', uri).get('codeLens.enabled', true)) return [];
        if (uri.scheme.startsWith('minicloud-')) return [];
        const top = new Range(0, 0, 0, 0);
        const lens = (command: string, title: string, argument: unknown = uri): CodeLens =>
          new CodeLens(top, { command: `minicloud.${command}`, title, arguments: [argument] });
        const live = targets.of(uri);
        const name = nameIn(getText());
        const app = live?.connection.snapshot.apps?.find((each) => each.name === name);
        const known = live?.connection.link.state === 'online';
        const state =
          app && known
            ? `${appStateLabel(app.state)}${app.release ? ` · ${l10n.t('release {0}', app.release)}` : ''} · `
            : '';
        return [
          lens('planManifest', `$(checklist)\u00a0${l10n.t('Plan')}`),
          lens('deployManifest', `$(rocket)\u00a0${l10n.t('Deploy')}`),
          ...(live ? [lens('chooseServer', `$(server)\u00a0${state}${live.server.name}`)] : []),
          ...(app?.urls[0] ? [lens('openInBrowser', `$(globe)\u00a0${l10n.t('Open')}`, { url: app.urls[0].url })] : []),
        ];
      },
    },
  );
  return [
    changed,
    provider,
    connections.onDidChange(() => changed.fire()),
    targets.onDidChange(() => changed.fire()),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('minicloud.codeLens')) changed.fire();
    }),
  ];
}

/** The name as far as a lens needs it: a wrong guess shows no state, and nothing is decided by it. */
function nameIn(text: string): string | undefined {
  return /^\s*[{]?\s*"?name"?\s*:\s*["']?([a-z][a-z0-9-]*)/m.exec(text)?.[1];
}
