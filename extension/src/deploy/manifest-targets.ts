import {
  commands,
  type Disposable,
  type Event,
  EventEmitter,
  l10n,
  type Memento,
  type Uri,
  window,
  workspace,
} from 'vscode';
import type { Connections, LiveServer } from '../servers/connections.ts';

/**
 * Which server a manifest is deployed to: the one that the setting `minicloud.server` names, or the last choice. With
 * one server there is nothing to choose.
 */
export interface ManifestTargets extends Disposable {
  readonly onDidChange: Event<void>;
  /** The server, as far as it is clear without asking. */
  of(uri: Uri): LiveServer | undefined;
  /** The server, asked for when it isn't clear. Undefined when the person chose none. */
  resolve(uri: Uri): Promise<LiveServer | undefined>;
  choose(uri: Uri): Promise<LiveServer | undefined>;
}

const key = 'targets';

export function createManifestTargets(connections: Connections, state: Memento): ManifestTargets {
  const changed = new EventEmitter<void>();
  const chosen = (): Record<string, string> => state.get<Record<string, string>>(key, {});
  const of = (uri: Uri): LiveServer | undefined => {
    const all = connections.all();
    const named = namedServer(uri);
    // A name that fits none is no reason to deploy to another.
    if (named) return all.find(({ server }) => server.name === named || server.url === named.replace(/\/+$/, ''));
    const remembered = chosen()[uri.toString()];
    return (remembered ? connections.get(remembered) : undefined) ?? (all.length === 1 ? all[0] : undefined);
  };
  const choose = async (uri: Uri): Promise<LiveServer | undefined> => {
    const named = namedServer(uri);
    if (named) return tellNamed(named, of(uri));
    const items = connections.all().map((live) => ({ label: live.server.name, description: live.server.url, live }));
    const live = (await window.showQuickPick(items, { placeHolder: l10n.t('Deploy to which server?') }))?.live;
    if (!live) return undefined;
    await state.update(key, { ...chosen(), [uri.toString()]: live.server.id });
    changed.fire();
    return live;
  };
  const configured = workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(setting)) changed.fire();
  });
  return {
    onDidChange: changed.event,
    of,
    resolve: async (uri) => of(uri) ?? choose(uri),
    choose,
    dispose() {
      configured.dispose();
      changed.dispose();
    },
  };
}

const setting = 'minicloud.server';

/** Name or address that the settings of the manifest's folder name. */
function namedServer(uri: Uri): string | undefined {
  return workspace.getConfiguration('minicloud', uri).get<string>('server', '').trim() || undefined;
}

async function tellNamed(named: string, live: LiveServer | undefined): Promise<LiveServer | undefined> {
  const open = l10n.t('Open Setting');
  const message = live
    ? l10n.t('The setting “{0}” says that this manifest is deployed to {1}.', setting, live.server.name)
    : l10n.t('The setting “{0}” names {1}, and there is no such server in this editor.', setting, named);
  const show = live ? window.showInformationMessage : window.showWarningMessage;
  if ((await show(message, open)) === open)
    await commands.executeCommand('workbench.action.openSettings', `@id:${setting}`);
  return undefined;
}
