import type { Plan } from 'minicloud-shared/model/plan';
import type { Snapshot } from '../servers/snapshot.ts';

/**
 * True when the app has moved on since the plan was made, which is then refused. Release numbers only rise, so what is
 * known of the server may be older than the plan and makes nothing of it.
 */
export function overtaken(
  { app, fromRelease, toRelease }: Pick<Plan, 'app' | 'fromRelease' | 'toRelease'>,
  { apps, operations }: Pick<Snapshot, 'apps' | 'operations'>,
): boolean {
  const serving = apps?.find(({ name }) => name === app)?.release ?? 0;
  // Failed ones count: they have taken the number that the plan would make.
  const begun = operations.get(app)?.release ?? 0;
  return serving > (fromRelease ?? 0) || begun >= toRelease;
}
