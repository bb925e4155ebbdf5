import { commands, type Disposable } from 'vscode';
import { showError } from '../problems.ts';
import type { Services } from '../services.ts';
import { addServer } from './add-server.ts';
import { applyPlan } from './apply-plan.ts';
import { cancelOperation } from './cancel-operation.ts';
import { chooseServer } from './choose-server.ts';
import { clearAppFilter } from './clear-app-filter.ts';
import { compareReleases } from './compare-releases.ts';
import { compareWithServer } from './compare-with-server.ts';
import { copyConfigName } from './copy-config-name.ts';
import { copyDatabaseUrl } from './copy-database-url.ts';
import { copyUrl } from './copy-url.ts';
import { createImported } from './create-imported.ts';
import { createManifest } from './create-manifest.ts';
import { deleteApp } from './delete-app.ts';
import { deployManifest } from './deploy-manifest.ts';
import { discardPlan } from './discard-plan.ts';
import { discardProposal } from './discard-proposal.ts';
import { filterApps } from './filter-apps.ts';
import { forwardPort } from './forward-port.ts';
import { importApp } from './import-app.ts';
import { importEnv } from './import-env.ts';
import { openInBrowser } from './open-in-browser.ts';
import { openTerminal } from './open-terminal.ts';
import { planManifest } from './plan-manifest.ts';
import { refreshApps } from './refresh-apps.ts';
import { removeServer } from './remove-server.ts';
import { renameServer } from './rename-server.ts';
import { replaceToken } from './replace-token.ts';
import { restartLanguageServer } from './restart-language-server.ts';
import { restoreApp } from './restore-app.ts';
import { retryServer } from './retry-server.ts';
import { rollBackApp } from './roll-back-app.ts';
import { searchLogs } from './search-logs.ts';
import { setConfigVar } from './set-config-var.ts';
import { setSecret } from './set-secret.ts';
import { showAppManifest } from './show-app-manifest.ts';
import { showLogHistory } from './show-log-history.ts';
import { showLogs } from './show-logs.ts';
import { showMetrics } from './show-metrics.ts';
import { showOperation } from './show-operation.ts';
import { showOutput } from './show-output.ts';
import { showProposal } from './show-proposal.ts';
import { showRelease } from './show-release.ts';
import { showServerStatus } from './show-server-status.ts';
import { stopForward } from './stop-forward.ts';
import { stopLogs } from './stop-logs.ts';
import { unsetConfig } from './unset-config.ts';

/**
 * A command is called on a tree item, on a file, or on nothing; then it asks what it is about. `selected` are all rows
 * that are selected, when the one it was called on is among them.
 */
export type Command = (services: Services, argument: unknown, selected?: readonly unknown[]) => Promise<void> | void;

/** Every command of package.json, each in the file of its name. A test compares the two lists. */
export const allCommands: Record<string, Command> = {
  addServer,
  applyPlan,
  cancelOperation,
  chooseServer,
  clearAppFilter,
  compareReleases,
  compareWithServer,
  copyConfigName,
  copyDatabaseUrl,
  copyUrl,
  createImported,
  createManifest,
  deleteApp,
  deployManifest,
  discardPlan,
  discardProposal,
  filterApps,
  forwardPort,
  importApp,
  importEnv,
  openInBrowser,
  openTerminal,
  planManifest,
  refreshApps,
  removeServer,
  renameServer,
  replaceToken,
  restartLanguageServer,
  restoreApp,
  retryServer,
  rollBackApp,
  searchLogs,
  setConfigVar,
  setSecret,
  showAppManifest,
  showLogHistory,
  showLogs,
  showMetrics,
  showOperation,
  showOutput,
  showProposal,
  showRelease,
  showServerStatus,
  stopForward,
  stopLogs,
  unsetConfig,
};

export function registerCommands(services: Services): Disposable[] {
  return Object.entries(allCommands).map(([name, command]) =>
    commands.registerCommand(`minicloud.${name}`, async (argument: unknown, selected: unknown) => {
      try {
        await command(services, argument, Array.isArray(selected) ? selected : undefined);
      } catch (error) {
        // Not awaited: the command is over, whether or not the person reads the message.
        void showError(services.output, error);
      }
    }),
  );
}
