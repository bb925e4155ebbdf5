import type { AppDetail, Replica } from 'minicloud-shared/model/app';
import { l10n, TreeItem } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import { replicaIcon } from './app-look.ts';
import { type AppRow, facets, offers, type TreeNode } from './node.ts';
import { replicaFacts, replicaWords, usage } from './replica-words.ts';

/** One running copy of a process. */
export class ReplicaNode implements AppRow {
  readonly id: string;
  readonly live: LiveServer;
  readonly app: AppDetail;
  readonly replica: Replica;
  /** Among the replicas of its process, from 1. */
  readonly number: number;

  constructor(live: LiveServer, app: AppDetail, replica: Replica, place: number) {
    this.id = `replica:${live.server.id}/${app.name}/${replica.id}`;
    this.live = live;
    this.app = app;
    this.replica = replica;
    this.number = replica.replica ?? place;
  }

  get serverId(): string {
    return this.live.server.id;
  }

  item(): TreeItem {
    const { replica, live, app } = this;
    const item = new TreeItem(l10n.t('Replica {0}', this.number));
    item.id = this.id;
    item.iconPath = replicaIcon(replica.state, live.connection.link.state === 'online');
    item.description = [
      replicaWords(replica),
      ...usage([replica]),
      replica.release !== app.release && l10n.t('release {0}', replica.release),
    ]
      .filter(Boolean)
      .join(' · ');
    item.tooltip = `${replica.process}: ${item.description}\n${replicaFacts(replica)}`;
    item.contextValue = facets('replica', replica.state === 'healthy' && offers(live, 'exec') && 'exec');
    item.accessibilityInformation = {
      label: l10n.t('Replica {0} of process {1}, {2}', this.number, replica.process, item.description),
    };
    return item;
  }

  async children(): Promise<TreeNode[]> {
    return [];
  }
}
