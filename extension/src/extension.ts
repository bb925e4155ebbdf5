/** The table of contents of the extension: what there is, and what each part is given. */
import { commands, type ExtensionContext, ExtensionMode, l10n, Uri, window } from 'vscode';
import { whileAiFeatures } from './agents/ai-features.ts';
import { registerMcpServers } from './agents/mcp.ts';
import { registerValidateTool } from './agents/validate-tool.ts';
import { allCommands, registerCommands } from './commands/register.ts';
import { tellManifestFolders } from './deploy/manifest-folders.ts';
import { createManifestTargets } from './deploy/manifest-targets.ts';
import { createDeployTasks } from './deploy/task-provider.ts';
import { createForwards } from './forwards/forwards.ts';
import { endWithServers } from './forwards/start-forward.ts';
import { createImportPreviews } from './import/import-previews.ts';
import { createLanguageService } from './language/language-service.ts';
import { createManifestLens } from './language/manifest-lens.ts';
import { createRulePages } from './language/rule-pages.ts';
import { createStatusBar } from './language/status-bar.ts';
import { followVisibleManifests } from './language/visible-manifests.ts';
import { createLogFolding } from './logs/log-folding.ts';
import { createLogFollower } from './logs/log-follower.ts';
import { createLogLinks } from './logs/log-links.ts';
import { createMetricsPanels } from './metrics/panels.ts';
import { createDriftMarks } from './plan/drift-marks.ts';
import { followSaves } from './plan/follow-saves.ts';
import { followServers } from './plan/follow-servers.ts';
import { createPlanDocuments } from './plan/plan-documents.ts';
import { createReadOnlyDocuments } from './read-only-documents.ts';
import { handleLinks } from './servers/add-linked-server.ts';
import { createConnections } from './servers/connections.ts';
import { createServerList } from './servers/server-list.ts';
import { createTokenStore } from './servers/token-store.ts';
import type { Services } from './services.ts';
import { createExecTerminals } from './terminal/exec-terminal.ts';
import { createAppFilter } from './tree/app-filter.ts';
import { tellContexts } from './tree/contexts.ts';
import { createRowSelection } from './tree/row-selection.ts';
import { createServersTree } from './tree/servers-tree.ts';

/**
 * Makes the parts and hands them to each other. Opens no connection and reads no file: the tree and manifests do when
 * they are seen, the language server starts with the first manifest. What is registered first works even when a later part can't.
 */
export function activate(context: ExtensionContext): TestApi | undefined {
  const started = performance.now();
  const own = <T extends { dispose(): unknown }>(part: T): T => {
    context.subscriptions.push(part);
    return part;
  };
  const output = own(window.createOutputChannel(l10n.t('Minicloud'), { log: true }));
  const tokens = createTokenStore(context.secrets);
  const servers = own(createServerList(context.globalState, tokens));
  const connections = own(createConnections(servers, tokens, context.globalState));
  const targets = own(createManifestTargets(connections, context.workspaceState));
  const language = own(createLanguageService(context, connections, targets));
  const services: Services = {
    context,
    output,
    servers,
    tokens,
    connections,
    targets,
    language,
    plans: own(createPlanDocuments()),
    drift: own(createDriftMarks(connections, targets, language)),
    logs: own(createLogFollower()),
    documents: own(createReadOnlyDocuments()),
    filter: own(createAppFilter(context.workspaceState)),
    forwards: own(createForwards()),
    terminals: own(createExecTerminals()),
    imports: own(createImportPreviews()),
    selection: own(createRowSelection()),
    metrics: own(createMetricsPanels(Uri.joinPath(context.extensionUri, 'media'))),
  };
  context.subscriptions.push(...registerCommands(services));
  own(createServersTree(connections, services));
  own(followVisibleManifests(connections, targets));
  own(tellContexts(connections, services.forwards, services.selection));
  own(endWithServers(connections, services.forwards, [services.logs, services.metrics]));
  own(handleLinks(services));
  own(createLogFolding());
  own(createLogLinks());
  own(followSaves(services));
  own(followServers(connections, services.plans));
  own(createDeployTasks(services));
  own(tellManifestFolders());
  const { drift } = services;
  context.subscriptions.push(
    ...createManifestLens(connections, targets, drift),
    ...createStatusBar(connections, targets),
    ...createRulePages(context, output),
  );
  own(whileAiFeatures(() => [...registerMcpServers(connections, tokens, output), ...registerValidateTool(language)]));

  const tellContext = (): void => {
    void commands.executeCommand('setContext', 'minicloud.hasServers', servers.all().length > 0);
  };
  own(servers.onDidChange(tellContext));
  tellContext();
  // Until then nobody knows whether there are servers, and commands are offered: to run one starts the extension.
  void commands.executeCommand('setContext', 'minicloud.started', true);
  if (context.extensionMode !== ExtensionMode.Test) return undefined;
  return { services, activationMs: performance.now() - started, commandNames: Object.keys(allCommands) };
}

/** What the suite inside the extension host looks at. Other extensions get nothing. */
export interface TestApi {
  services: Services;
  activationMs: number;
  commandNames: string[];
}
