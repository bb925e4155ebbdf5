import type { ProposalSummary } from 'minicloud-shared/model/proposal';
import { l10n, ThemeIcon, TreeItem } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import { formatAge } from './age.ts';
import { facets, type TreeNode } from './node.ts';

/** A plan that somebody else made, mostly an agent: a click shows it, and only a person applies it. */
export class ProposalNode implements TreeNode {
  readonly id: string;
  readonly live: LiveServer;
  readonly proposal: ProposalSummary;

  constructor(live: LiveServer, proposal: ProposalSummary) {
    this.id = `proposal:${live.server.id}/${proposal.id}`;
    this.live = live;
    this.proposal = proposal;
  }

  get serverId(): string {
    return this.live.server.id;
  }

  item(): TreeItem {
    const { app, by, reason, changes, createdAt, expiresAt } = this.proposal;
    // What it is about comes first: a name may be long, and a sidebar is narrow.
    const item = new TreeItem(l10n.t('Plan of {0}', app));
    item.id = this.id;
    item.iconPath = new ThemeIcon('lightbulb');
    item.description = [
      l10n.t('proposed by {0}', by),
      changes === 1 ? l10n.t('1 change') : l10n.t('{0} changes', changes),
      formatAge(createdAt, this.live.connection.now(), l10n.t),
    ].join(' · ');
    item.tooltip = [
      l10n.t('{0} proposes for {1}:', by, app),
      reason,
      l10n.t('Nothing happens until somebody deploys it. It expires {0}.', new Date(expiresAt).toLocaleString()),
    ].join('\n');
    item.contextValue = facets('proposal');
    item.command = { command: 'minicloud.showProposal', title: l10n.t('Show Proposal'), arguments: [this] };
    item.accessibilityInformation = { label: `${item.label}, ${item.description}` };
    return item;
  }

  async children(): Promise<TreeNode[]> {
    return [];
  }
}
