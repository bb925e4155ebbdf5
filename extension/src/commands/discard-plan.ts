import { Uri } from 'vscode';
import type { Services } from '../services.ts';

/** Closes a plan. Nothing was changed by it. */
export async function discardPlan({ plans }: Services, argument: unknown): Promise<void> {
  const uri = argument instanceof Uri ? argument : plans.active();
  if (!uri) return;
  const shown = plans.get(uri);
  await plans.close(uri);
  // Somebody waits for an answer to a proposal; a plan of one's own is nowhere but here.
  if (shown?.proposal !== undefined) await shown.live.api.proposals.discard.mutate({ id: shown.proposal });
}
