import type { Proposal } from 'minicloud-shared/model/proposal';
import { l10n } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import type { Services } from '../services.ts';

/** Shows a proposal as the plan it is: who made it and why stands among what is good to know. */
export async function openProposal(
  { plans, documents }: Services,
  live: LiveServer,
  proposal: Proposal,
): Promise<void> {
  const { id, app, by, reason, manifest, image, plan } = proposal;
  const fileName = proposal.fileName ?? 'cloud_manifest.yml';
  const uri = documents.put('proposal', live.server.id, l10n.t('{0} proposed by {1}.yml', app, by), manifest);
  const told = [l10n.t('Proposed by {0}', by), oneLine(reason)].filter(Boolean).join(': ');
  await plans.show({
    plan: { ...plan, notes: [told, ...plan.notes] },
    live,
    source: { uri, text: manifest, fileName },
    proposal: id,
    ...(image === undefined ? {} : { image }),
  });
}

/** Foreign text on a line of its own can't look like a line of the plan. */
function oneLine(text: string): string {
  return text
    .replace(/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ')
    .trim()
    .slice(0, 500);
}
