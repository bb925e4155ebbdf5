import type { AppDetail, Replica } from 'minicloud-shared/model/app';
import { l10n, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import { replicaIcon } from './app-look.ts';
import { type AppRow, facets, offers, type TreeNode } from './node.ts';
import { ReplicaNode } from './replica-node.ts';
import { replicaFacts, replicaWords, usage } from './replica-words.ts';
import { healthy, type ShownProcess } from './shown-processes.ts';

/** A process or support container: how many of its replicas are well, and what they use together. */
export class ProcessNode implements AppRow {
  readonly id: string;
  readonly live: LiveServer;
  readonly app: AppDetail;
  readonly process: ShownProcess;

  constructor(live: LiveServer, app: AppDetail, process: ShownProcess) {
    this.id = `process:${live.server.id}/${app.name}/${process.name}`;
    this.live = live;
    this.app = app;
    this.process = process;
  }

  get serverId(): string {
    return this.live.server.id;
  }

  item(): TreeItem {
    const { process, live } = this;
    const { name, kind, count, replicas } = process;
    const one = replicas.length === 1 && count === 1 ? replicas[0] : undefined;
    const item = new TreeItem(
      name,
      replicas.length === 0 || one ? TreeItemCollapsibleState.None : TreeItemCollapsibleState.Collapsed,
    );
    const known = live.connection.link.state === 'online';
    item.id = this.id;
    item.iconPath = replicaIcon(worst(replicas, count), known);
    item.description = [
      one ? replicaWords(one) : l10n.t('{0} of {1} healthy', healthy(replicas), count),
      kind === 'support' && l10n.t('support'),
      ...usage(replicas),
    ]
      .filter(Boolean)
      .join(' · ');
    item.tooltip = [
      `${name}: ${item.description}`,
      process.command && l10n.t('Command: {0}', process.command.join(' ')),
      process.image && l10n.t('Image: {0}', process.image),
      one && replicaFacts(one),
    ]
      .filter(Boolean)
      .join('\n');
    item.contextValue = facets(
      'process',
      kind === 'process' && replicas.some(({ state }) => state === 'healthy') && offers(live, 'exec') && 'exec',
      replicas.length > 0 && offers(live, 'forward') && 'forward',
      offers(live, 'logs') && 'logs',
    );
    item.accessibilityInformation = { label: l10n.t('Process {0} of {1}, {2}', name, this.app.name, item.description) };
    return item;
  }

  async children(): Promise<TreeNode[]> {
    if (this.process.replicas.length === 1 && this.process.count === 1) return [];
    return this.process.replicas.map((replica, index) => new ReplicaNode(this.live, this.app, replica, index + 1));
  }
}

function worst(replicas: readonly Replica[], count: number): Replica['state'] {
  const order: Replica['state'][] = ['exited', 'unhealthy', 'starting'];
  const found = order.find((state) => replicas.some((replica) => replica.state === state));
  if (found) return found;
  return healthy(replicas) >= count ? 'healthy' : 'exited';
}
