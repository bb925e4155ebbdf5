import { l10n } from 'vscode';
import { pickProposal } from '../agents/pick-proposal.ts';
import type { Services } from '../services.ts';
import { ProposalNode } from '../tree/proposal-node.ts';

/** Takes a proposal away on its server. Nothing was changed by it. */
export async function discardProposal(
  services: Services,
  argument: unknown,
  selected: readonly unknown[] = [],
): Promise<void> {
  const nodes = selected.filter((node) => node instanceof ProposalNode);
  const picked = nodes.length > 1 ? nodes : [await pickProposal(services, argument, l10n.t('Discard which proposal?'))];
  for (const each of picked) if (each) await each.live.api.proposals.discard.mutate({ id: each.proposal.id });
}
