/** The servers' own tools for agents: read freely, and propose plans that a person applies. */
import { type Disposable, EventEmitter, type LogOutputChannel, l10n, lm, McpHttpServerDefinition, Uri } from 'vscode';
import type { Connections, LiveServer } from '../servers/connections.ts';
import type { TokenStore } from '../servers/token-store.ts';

const providerId = 'minicloud.servers';
const path = '/mcp';

/**
 * Offers `/mcp` of every server that said it has one, as far as is known without asking. Tokens are put in when an agent
 * starts one and stand in no setting. A server with an authority of its own is left out, and the log says so: the editor's
 * client for such tools trusts public ones only.
 */
export function registerMcpServers(
  connections: Connections,
  tokens: TokenStore,
  output: Pick<LogOutputChannel, 'info'>,
): Disposable[] {
  // An older editor has no such thing.
  if (typeof lm.registerMcpServerDefinitionProvider !== 'function') return [];
  const changed = new EventEmitter<void>();
  let known = '';
  const told = new Set<string>();
  const subscription = connections.onDidChange(() => {
    for (const { server } of connections.all().filter(hidesMcp)) {
      if (!told.has(server.id)) output.info(`${server.name}: ${hiddenToolsWords()}`);
      told.add(server.id);
    }
    const now = connections.all().filter(offersMcp).map(addressOf).join(' ');
    if (now !== known) changed.fire();
    known = now;
  });
  const provider = lm.registerMcpServerDefinitionProvider(providerId, {
    onDidChangeMcpServerDefinitions: changed.event,
    provideMcpServerDefinitions: () => connections.all().filter(offersMcp).map(definitionOf),
    async resolveMcpServerDefinition(definition: McpHttpServerDefinition) {
      const live = connections.all().find((each) => addressOf(each) === definition.uri.toString(true));
      const token = live && (await tokens.get(live.server.id));
      if (!live || !token) throw new Error(l10n.t('There is no token for this server.'));
      definition.headers = { ...definition.headers, Authorization: `Bearer ${token}` };
      return definition;
    },
  });
  return [provider, subscription, changed];
}

/** True for a server that has tools for agents which this editor can't reach. */
export function hidesMcp({ server, connection }: Pick<LiveServer, 'server' | 'connection'>): boolean {
  return server.ca !== undefined && connection.snapshot.info?.features.includes('mcp') === true;
}

export function hiddenToolsWords(): string {
  return l10n.t(
    'Its tools for agents are not offered here: the editor takes them only from servers with a publicly trusted certificate.',
  );
}

function offersMcp({ server, connection }: LiveServer): boolean {
  return server.ca === undefined && connection.snapshot.info?.features.includes('mcp') === true;
}

function addressOf({ server }: LiveServer): string {
  return new URL(path, server.url).href;
}

function definitionOf(live: LiveServer): McpHttpServerDefinition {
  const version = live.connection.snapshot.info?.version;
  return new McpHttpServerDefinition(`Minicloud ${live.server.name}`, Uri.parse(addressOf(live), true), {}, version);
}
