import { type Disposable, type Event, EventEmitter, l10n, type Memento, type Uri, window } from 'vscode';
import type { Connections, LiveServer } from '../servers/connections.ts';

/** Which server a manifest is deployed to. With one server there is nothing to choose; a choice is remembered. */
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
    const remembered = chosen()[uri.toString()];
    return (remembered ? connections.get(remembered) : undefined) ?? (all.length === 1 ? all[0] : undefined);
  };
  const choose = async (uri: Uri): Promise<LiveServer | undefined> => {
    const items = connections.all().map((live) => ({ label: live.server.name, description: live.server.url, live }));
    const live = (await window.showQuickPick(items, { placeHolder: l10n.t('Deploy to which server?') }))?.live;
    if (!live) return undefined;
    await state.update(key, { ...chosen(), [uri.toString()]: live.server.id });
    changed.fire();
    return live;
  };
  return {
    onDidChange: changed.event,
    of,
    resolve: async (uri) => of(uri) ?? choose(uri),
    choose,
    dispose: () => changed.dispose(),
  };
}
