import { type Disposable, workspace } from 'vscode';

const setting = 'chat.disableAIFeatures';

/** False where the person has put all AI features of the editor off. */
export function aiFeaturesOn(): boolean {
  return workspace.getConfiguration().get<boolean>(setting, false) !== true;
}

/** Keeps what `register` makes while the person lets AI features be on, and takes it away when they are put off. */
export function whileAiFeatures(register: () => Disposable[]): Disposable {
  let registered: Disposable[] = [];
  const follow = (): void => {
    const wanted = aiFeaturesOn();
    if (wanted && registered.length === 0) registered = register();
    if (wanted) return;
    for (const each of registered) each.dispose();
    registered = [];
  };
  const subscription = workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(setting)) follow();
  });
  follow();
  return {
    dispose() {
      subscription.dispose();
      for (const each of registered) each.dispose();
      registered = [];
    },
  };
}
