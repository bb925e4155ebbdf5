import type { AppSummary } from 'minicloud-shared/model/app';
import { commands, type Disposable, type Event, EventEmitter, type Memento } from 'vscode';
import { matchesApp } from './match-app.ts';

/** Which apps the tree shows; kept for the workspace until it is cleared. */
export interface AppFilter extends Disposable {
  readonly onDidChange: Event<void>;
  /** As it was typed; empty when every app is shown. */
  readonly text: string;
  set(text: string): Promise<void>;
  matches(app: AppSummary): boolean;
}

const key = 'appFilter';

export function createAppFilter(state: Memento): AppFilter {
  const changed = new EventEmitter<void>();
  let text = state.get<string>(key, '');
  const tellContext = (): void => void commands.executeCommand('setContext', 'minicloud.filtered', text !== '');
  tellContext();
  return {
    onDidChange: changed.event,
    get text() {
      return text;
    },
    async set(typed) {
      text = typed.trim();
      tellContext();
      changed.fire();
      await state.update(key, text || undefined);
    },
    matches: (app) => matchesApp(app, text),
    dispose: () => changed.dispose(),
  };
}
