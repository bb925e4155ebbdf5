import { commands, type Disposable } from 'vscode';
import type { Forwards } from '../forwards/forwards.ts';
import type { Connections } from '../servers/connections.ts';
import type { RowSelection } from './row-selection.ts';

/** Features that a command of the palette needs from at least one server: it is not offered where none has it. */
const asked = ['config', 'deleted-apps', 'exec', 'forward', 'metrics', 'proposals'] as const;

/** Tells the editor what the servers offer, as far as is known without asking, whether a port is forwarded, and which rows are selected. */
export function tellContexts(connections: Connections, forwards: Forwards, selection: RowSelection): Disposable {
  const told = new Map<string, boolean | number>();
  const tell = (key: string, value: boolean | number): void => {
    if (told.get(key) === value) return;
    told.set(key, value);
    void commands.executeCommand('setContext', `minicloud.${key}`, value);
  };
  const update = (): void => {
    const offered = new Set(connections.all().flatMap(({ connection }) => connection.snapshot.info?.features ?? []));
    for (const feature of asked) tell(`offers.${feature}`, offered.has(feature));
    tell('forwarding', forwards.all().length > 0);
    tell('selected', selection.rows().length);
    tell('appsSelected', selection.apps().length > 0);
    tell('variablesSelected', selection.variables().length > 0);
  };
  const subscriptions = [connections.onDidChange(update), forwards.onDidChange(update), selection.onDidChange(update)];
  update();
  return {
    dispose() {
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}
