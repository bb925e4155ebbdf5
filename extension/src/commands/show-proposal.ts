import { l10n, window } from 'vscode';
import { openProposal } from '../agents/open-proposal.ts';
import { pickProposal } from '../agents/pick-proposal.ts';
import type { Services } from '../services.ts';

/** Shows the plan that somebody proposed. Deploying it is a person's own act, as with every plan. */
export async function showProposal(services: Services, argument: unknown): Promise<void> {
  const picked = await pickProposal(services, argument, l10n.t('Show which proposal?'));
  if (!picked) return;
  const { live, proposal } = picked;
  const full = await live.api.proposals.get.query({ id: proposal.id });
  if (full.state === 'open') await openProposal(services, live, full);
  else void window.showInformationMessage(l10n.t('This proposal of {0} is no longer open.', full.by));
}
