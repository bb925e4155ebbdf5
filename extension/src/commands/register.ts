import { commands, type Disposable } from 'vscode';
import { showError } from '../problems.ts';
import type { Services } from '../services.ts';
import { addServer } from './add-server.ts';
import { applyPlan } from './apply-plan.ts';
import { cancelOperation } from './cancel-operation.ts';
import { chooseServer } from './choose-server.ts';
import { compareWithServer } from './compare-with-server.ts';
import { copyUrl } from './copy-url.ts';
import { createManifest } from './create-manifest.ts';
import { deleteApp } from './delete-app.ts';
import { deployManifest } from './deploy-manifest.ts';
import { discardPlan } from './discard-plan.ts';
import { openInBrowser } from './open-in-browser.ts';
import { planManifest } from './plan-manifest.ts';
import { refreshApps } from './refresh-apps.ts';
import { removeServer } from './remove-server.ts';
import { renameServer } from './rename-server.ts';
import { replaceToken } from './replace-token.ts';
import { restartLanguageServer } from './restart-language-server.ts';
import { retryServer } from './retry-server.ts';
import { rollBackApp } from './roll-back-app.ts';
import { showAppManifest } from './show-app-manifest.ts';
import { showLogHistory } from './show-log-history.ts';
import { showLogs } from './show-logs.ts';
import { showOutput } from './show-output.ts';
import { showRelease } from './show-release.ts';
import { showServerStatus } from './show-server-status.ts';
import { stopLogs } from './stop-logs.ts';

/** A command is called on a tree item, on a file, or on nothing; then it asks what it is about. */
export type Command = (services: Services, argument: unknown) => Promise<void> | void;

/** Every command of package.json, each in the file of its name. A test compares the two lists. */
export const allCommands: Record<string, Command> = {
  addServer,
  applyPlan,
  cancelOperation,
  chooseServer,
  compareWithServer,
  copyUrl,
  createManifest,
  deleteApp,
  deployManifest,
  discardPlan,
  openInBrowser,
  planManifest,
  refreshApps,
  removeServer,
  renameServer,
  replaceToken,
  restartLanguageServer,
  retryServer,
  rollBackApp,
  showAppManifest,
  showLogHistory,
  showLogs,
  showOutput,
  showRelease,
  showServerStatus,
  stopLogs,
};

export function registerCommands(services: Services): Disposable[] {
  return Object.entries(allCommands).map(([name, command]) =>
    commands.registerCommand(`minicloud.${name}`, async (argument: unknown) => {
      try {
        await command(services, argument);
      } catch (error) {
        // Not awaited: the command is over, whether or not the person reads the message.
        void showError(services.output, error);
      }
    }),
  );
}
