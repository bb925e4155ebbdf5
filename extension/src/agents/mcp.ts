/** The servers' own tools for agents: read freely, and propose plans that a person applies. */
import { type Disposable, EventEmitter, l10n, lm, McpHttpServerDefinition, Uri } from 'vscode';
import type { Connections, LiveServer } from '../servers/connections.ts';
import type { TokenStore } from '../servers/token-store.ts';

const providerId = 'minicloud.servers';
const path = '/mcp';

/**
 * Offers `/mcp` of every server that said it has one, as far as is known without asking. Tokens are put in when an agent
 * starts one and stand in no setting. A server with an authority of its own is left out: the editor's client for such
 * tools trusts public ones only.
 */
export function registerMcpServers(connections: Connections, tokens: TokenStore): Disposable[] {
  // An older editor has no such thing.
  if (typeof lm.registerMcpServerDefinitionProvider !== 'function') return [];
  const changed = new EventEmitter<void>();
  let known = '';
  const subscription = connections.onDidChange(() => {
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
