import type { ProposalSummary } from 'minicloud-shared/model/proposal';
import { l10n, window } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import type { Services } from '../services.ts';
import { ProposalNode } from '../tree/proposal-node.ts';

export interface PickedProposal {
  live: LiveServer;
  proposal: ProposalSummary;
}

/** The proposal that a command is about. Undefined when there is none, which is said, or nothing was picked. */
export async function pickProposal(
  { connections }: Services,
  argument: unknown,
  placeHolder: string,
): Promise<PickedProposal | undefined> {
  if (argument instanceof ProposalNode) return argument;
  const items = connections.all().flatMap((live) =>
    live.connection.snapshot.proposals.map((proposal) => ({
      label: proposal.app,
      description: l10n.t('{0}, {1}', proposal.by, new Date(proposal.createdAt).toLocaleString()),
      detail: proposal.reason.slice(0, 200),
      live,
      proposal,
    })),
  );
  if (items.length > 0) return window.showQuickPick(items, { placeHolder });
  void window.showInformationMessage(l10n.t('Nobody has proposed anything.'));
  return undefined;
}
