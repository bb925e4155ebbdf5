import { Uri } from 'vscode';
import type { Services } from '../services.ts';

/** Closes a plan. Nothing was changed by it. */
export async function discardPlan({ plans }: Services, argument: unknown): Promise<void> {
  const uri = argument instanceof Uri ? argument : plans.active();
  if (uri) await plans.close(uri);
}
